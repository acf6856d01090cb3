import type { GoogleIdTokenAuth } from './auth.ts'

export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * What an answer of Cloud Run's front end most likely means, and what to do: whole sentences to put behind a message
 * that names status and address. `undefined` if the answer is the service's own, or says enough. `headers` are in
 * lower case; `body` is its beginning, if it was read; `auth` is that of the deployment, `undefined` if it has none.
 *
 * The front end names itself in `server` on everything that passes it. What an SDK marks as its own, and what is
 * neither a page nor plain text, came from the container.
 */
export function explainFrontEndAnswer(
  status: number,
  headers: AnswerHeaders,
  body: string | undefined,
  auth: GoogleIdTokenAuth | undefined,
): string | undefined {
  if (!isFrontEndAnswer(headers)) return undefined
  switch (status) {
    case 401:
      return auth === undefined ? noAuthentication : unauthorized(auth)
    case 403:
      return auth === undefined ? noAuthentication : forbidden(auth)
    case 404:
      return (
        'Cloud Run knows no such service here, or its ingress setting keeps the server out: check the URL, and if ' +
        'ingress is internal, that the server is in an allowed network (gcloud run services describe SERVICE).'
      )
    case 413:
      return 'Cloud Run takes 32 MiB in a request of HTTP/1.1, and more by HTTP/2 only: deploy the service with --use-http2.'
    case 429:
      return noInstance
    case 500:
    case 502:
    case 503:
      return unavailable(body ?? '')
    case 504:
      return (
        'Cloud Run ended the request at the request timeout of the service: raise it (gcloud run services update ' +
        'SERVICE --timeout 3600), or lower the inactivity timeout, after which an idle handler is suspended.'
      )
    default:
      return undefined
  }
}

/**
 * What to say when a service behind `https://` does not answer in the protocol that it was asked in, or a two-way
 * stream breaks at its beginning.
 */
export const http2Advice =
  'If this is Cloud Run: deploy the service with --use-http2 and serve HTTP/2 without TLS (h2c) in the container. ' +
  'Without the flag the front end turns HTTP/2 into HTTP/1.1, which two-way streams do not survive.'

const noInstance = 'Cloud Run has no instance free: raise max-instances or concurrency of the service, or wait.'

const noAuthentication =
  'The service is private, and the deployment is registered without authentication: register it with ' +
  '--gcp-id-token (auth: {"GoogleIdToken": {}}), and add --force if it is registered already.'

function unauthorized(auth: GoogleIdTokenAuth): string {
  return (
    `Cloud Run does not accept the ID token for the audience ${auth.audience}. Most likely the audience is wrong: ` +
    'behind a custom domain or a load balancer it is the run.app URL of the service, or a custom audience of it ' +
    '(gcloud run services update SERVICE --add-custom-audiences URL). Set it with --gcp-audience. If the audience is ' +
    'right, check the clock of the server.'
  )
}

function forbidden(auth: GoogleIdTokenAuth): string {
  const { impersonateServiceAccount: account } = auth
  return (
    `The token is good, but ${account ?? 'the identity of this server'} may not call the service. Grant it ` +
    'roles/run.invoker: gcloud run services add-iam-policy-binding SERVICE --role roles/run.invoker --member ' +
    `serviceAccount:${account ?? 'EMAIL'}. A grant may take some minutes to hold.`
  )
}

function unavailable(body: string): string {
  if (/no available instance|rate exceeded/i.test(body)) return noInstance
  const isProtocol = /protocol error|malformed|connection error|HTTP2|upstream connect error/i.test(body)
  return isProtocol
    ? `The front end and the container do not speak the same protocol. ${http2Advice}`
    : `The container did not start or did not answer; its log tells more. ${http2Advice}`
}

/** Whether an answer is the front end's own, by its headers. */
export function isFrontEndAnswer(headers: AnswerHeaders): boolean {
  if (headers['x-restate-server'] !== undefined || !/google frontend/i.test(textOf(headers.server))) return false
  const type = textOf(headers['content-type'])
  return type === '' || /^text\/(html|plain)\b/i.test(type)
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value?.join(', ') ?? '')
}
