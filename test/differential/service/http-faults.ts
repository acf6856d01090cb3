import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

type Fault = (response: Http2ServerResponse, contentType: string, attempt: number) => boolean

/** What a service, or what stands before it, can answer in place of the protocol. False: nothing is wrong in this attempt. */
export const httpFaults: Readonly<Record<string, Fault>> = {
  busy(response, _contentType, attempt) {
    if (attempt > 3) return false
    response.writeHead(attempt === 1 ? 429 : 503, { 'retry-after': '0' }).end()
    return true
  },
  unavailable: (response) => answer(response, 503),
  broken: (response) => answer(response, 500),
  elsewhere: (response) => answer(response, 302),
  tooNew: (response) => answer(response, 415),
  otherType: (response) => answer(response, 200, 'application/json'),
  silent: (response, contentType) => answer(response, 200, contentType),
  reset(response) {
    response.stream.close(2)
    return true
  },
}

function answer(response: Http2ServerResponse, status: number, contentType?: string): boolean {
  response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end()
  return true
}

const attempts = new Map<string, number>()

/** Answers with the fault of this name, if that attempt has it. */
export function hasFault(name: string, request: Http2ServerRequest, response: Http2ServerResponse): boolean {
  const {
    'x-restate-cluster-name': server,
    'x-restate-invocation-id': id,
    'content-type': contentType,
  } = request.headers
  const attempt = (attempts.get(`${server} ${id}`) ?? 0) + 1
  attempts.set(`${server} ${id}`, attempt)
  return httpFaults[name]?.(response, String(contentType), attempt) ?? false
}
