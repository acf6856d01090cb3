import { optionalKey } from '../key.ts'
import { path } from '../scalar-types.ts'

export const secretsKeys = {
  keyFile: optionalKey({
    path: 'secrets.key-file',
    from: 'perdure',
    type: path,
    example: '/etc/perdure/sealing-keys',
    description:
      'Keys that seal log and store (AES-256-GCM): 32 bytes in base64 or hexadecimal a line; the first seals, all of them open. Unset: the disk holds them in clear.',
  }),
}
