import { IngressBadCredentials } from '../../errors/ingress.ts'
import { headerCredential } from '../../keys/header-credential.ts'

/** The credential in a header (lower case), `undefined` when there is none. Throws `IngressBadCredentials` for one that is there twice. */
export function credentialIn(rawHeaders: readonly string[], header: string): string | undefined {
  const credential = headerCredential(rawHeaders, header)
  if (credential === 'repeated') throw new IngressBadCredentials(`there is more than one ${header} header`)
  return credential?.value
}
