import { mintIdToken } from '../../src/gcp/mint-id-token.ts'
import { targetAccount } from './credential-files.ts'
import { claimsIn } from './jwt.ts'

/** Mints a token in a process of its own, so that a test sees all that is written; prints who the token is for. */
const [, , fakes] = process.argv
const token = await mintIdToken(
  { audience: 'https://svc', impersonateServiceAccount: targetAccount },
  { redirect: (url) => (url.origin === fakes ? url : new URL(`/${url.host}${url.pathname}${url.search}`, fakes)) },
)
process.stdout.write(`${claimsIn(token).email}\n`)
