import type { DeploymentAuth } from '../core/deployment.ts'
import { GcpMintFailed } from '../errors/gcp.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import type { CancelOpen } from './duplex.ts'

/** Where ID tokens come from. */
export interface TokenSource {
  /** At once when there is one, else once it is minted. Rejects with a `PerdureError`. */
  forInvocation(auth: DeploymentAuth): string | Promise<string>
  /** The service did not accept this token. */
  refused(auth: DeploymentAuth, token: string): void
}

/** Fails closed: what needs a token and has no source of them is not sent. */
export const noTokens: TokenSource = {
  forInvocation: () =>
    Promise.reject(new GcpMintFailed('failed to mint ID token: this server was started without a source of tokens.')),
  refused: () => {},
}

/** Waits for a token for a request; one of the two is called, unless the function that this returns was called before. */
export function awaitToken(
  minting: Promise<string>,
  onToken: (token: string) => void,
  onFailure: (error: PerdureError) => void,
): CancelOpen {
  let isWanted = true
  minting.then(
    (token) => {
      if (isWanted) onToken(token)
    },
    (error: unknown) => {
      // An unknown error stays untold: libraries hang whole requests on theirs, credentials included.
      if (isWanted) onFailure(error instanceof PerdureError ? error : new GcpMintFailed('failed to mint ID token.'))
    },
  )
  return () => {
    isWanted = false
  }
}
