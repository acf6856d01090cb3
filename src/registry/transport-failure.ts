import type { PerdureError } from '../errors/perdure-error.ts'
import { DeploymentUnreachable, Http2NotSpoken } from '../errors/registry.ts'
import { http2Advice } from '../gcp/front-end-answer.ts'

/** A failure of one attempt that another attempt may not have. `error` is what to report if none is left. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure'
  readonly error: PerdureError

  constructor(error: PerdureError) {
    super(error.message)
    this.error = error
  }
}

const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens there. Start the service first, and check the port; from inside a container, localhost is the ' +
    'container itself',
  ENOTFOUND: 'the host name is not known. Check its spelling, and that it resolves on the machine of the server',
  EAI_AGAIN: 'the host name could not be resolved just now. Check the DNS of the machine of the server',
  ETIMEDOUT: 'the connection was not answered. Check address and firewalls',
  EHOSTUNREACH: 'there is no route to the host. Check address and network',
  ENETUNREACH: 'there is no route to the network of the host. Check address and network',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS. Use http:// for it',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the port does not speak TLS. Use http:// for it',
}

const tlsCodes = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO/
const tlsHint =
  'TLS could not be agreed on. Check that the certificate is valid for the host, and that its authority is trusted ' +
  'by the server (NODE_EXTRA_CA_CERTS)'

/** No connection: always worth another attempt, for a service that is just starting. */
export function connectFailure(at: string, cause: unknown): TransientFailure {
  const code = codeOf(cause)
  const hint = connectHints[code] ?? (tlsCodes.test(code) ? tlsHint : undefined)
  return new TransientFailure(
    new DeploymentUnreachable(`cannot connect to ${at} (${code})${hint === undefined ? '' : `: ${hint}`}.`),
  )
}

/** What is known of an exchange that failed. */
export interface FailedExchange {
  /** The protocol in which the peer was asked. */
  readonly protocol: 'h2' | 'http/1.1'
  readonly peerSpeaksProtocol: boolean
  /** It was sent with an ID token, so that it most likely went to Cloud Run. */
  readonly withIdToken: boolean
}

/** A connection that gave no response. */
export function exchangeFailure(
  at: string,
  cause: unknown,
  { protocol: asked, peerSpeaksProtocol, withIdToken }: FailedExchange,
): PerdureError | TransientFailure {
  const code = codeOf(cause)
  if (asked === 'h2' && !peerSpeaksProtocol && code.startsWith('ERR_HTTP2')) {
    return new Http2NotSpoken(
      `${at} does not answer in HTTP/2, which deployments behind http:// are expected to speak; it may speak only ` +
        'HTTP/1.1. Serve HTTP/2 there, or register it with use_http_11: true (in the CLI, --use-http1.1).',
    )
  }
  if (asked === 'http/1.1' && code.startsWith('HPE_')) {
    return new DeploymentUnreachable(
      `${at} does not answer in HTTP/1.1; it may speak only HTTP/2. Register it without use_http_11.`,
    )
  }
  const hint =
    asked === 'h2' && !peerSpeaksProtocol
      ? 'It may not speak HTTP/2: if it serves HTTP/1.1 only, register it with use_http_11: true.'
      : 'The service may have crashed, or a proxy in between may have given up; its log tells more.'
  const advice = asked === 'h2' && withIdToken ? ` ${http2Advice}` : ''
  return new TransientFailure(
    new DeploymentUnreachable(`${at} closed the connection before it answered discovery (${code}). ${hint}${advice}`),
  )
}

/** A response whose body broke off. */
export function bodyFailure(at: string, cause: unknown): TransientFailure {
  return new TransientFailure(
    new DeploymentUnreachable(
      `the answer of ${at} to discovery broke off before its end (${codeOf(cause)}). ` +
        'The service may have crashed, or a proxy in between may have given up; its log tells more.',
    ),
  )
}

/** Codes only: the texts of transport errors may quote what the peer sent. */
function codeOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : 'unknown error'
}
