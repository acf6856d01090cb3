import { textList } from '../collection-types.ts'
import { key, optionalKey } from '../key.ts'
import { path } from '../scalar-types.ts'

const clientNames = textList('names', 'names of clients such as "deploy.internal" or "spiffe://prod/ops"', (item) =>
  item === '' || /\p{Cc}/u.test(item) ? 'it is not a name' : undefined,
)

/** TLS for the TCP sockets of a listener; restate-server has it between nodes only. */
function listenerTlsKeys(server: 'admin' | 'ingress') {
  const ours = { from: 'perdure' } as const
  return {
    certFile: optionalKey({
      path: `${server}.tls.cert-file`,
      ...ours,
      type: path,
      example: `/etc/perdure/${server}.pem`,
      description:
        'Certificate of the server and intermediate ones, PEM. Its TCP sockets then speak TLS only. Read again on SIGHUP and when the file changes.',
    }),
    keyFile: optionalKey({
      path: `${server}.tls.key-file`,
      ...ours,
      type: path,
      example: `/etc/perdure/${server}.key`,
      description: 'Private key of the certificate, PEM, not encrypted; nobody else may be able to read the file.',
    }),
    clientCaFile: optionalKey({
      path: `${server}.tls.client-ca-file`,
      ...ours,
      type: path,
      example: '/etc/perdure/clients-ca.pem',
      description: 'Certificates of authorities, PEM. Clients must then have a certificate of one of them.',
    }),
    clientNames: key({
      path: `${server}.tls.client-names`,
      ...ours,
      type: clientNames,
      default: [],
      description:
        'Clients that may come in, by a DNS name, URI, e-mail address or common name in their certificates; others get 403. Empty: all of the authority.',
    }),
  }
}

export const ingressTlsKeys = listenerTlsKeys('ingress')
export const adminTlsKeys = listenerTlsKeys('admin')

export type ListenerTlsKeys = ReturnType<typeof listenerTlsKeys>
