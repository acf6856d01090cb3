import t from 'tap'
import { explainFrontEndAnswer } from '../../src/gcp/front-end-answer.ts'

const frontEnd = { server: 'Google Frontend', 'content-type': 'text/html; charset=UTF-8' }
const ambient = { audience: 'https://svc-abc.a.run.app', impersonateServiceAccount: undefined }
const impersonating = { ...ambient, impersonateServiceAccount: 'target@proj.iam.gserviceaccount.com' }
const protocolError = 'upstream connect error or disconnect/reset before headers. reset reason: protocol error'

t.test('each answer names its likely cause and the fix', async (t) => {
  for (const [status, auth, body, meaning] of [
    [401, ambient, undefined, /audience https:\/\/svc-abc\.a\.run\.app.*custom domain.*--gcp-audience/],
    [401, undefined, undefined, /private.*--gcp-id-token.*--force/],
    [403, ambient, undefined, /identity of this server may not call.*roles\/run\.invoker.*serviceAccount:EMAIL/],
    [403, impersonating, undefined, /target@proj.*may not call.*--member serviceAccount:target@proj/],
    [403, undefined, undefined, /private.*--gcp-id-token/],
    [404, ambient, undefined, /check the URL.*ingress/],
    [429, ambient, undefined, /max-instances/],
    [502, ambient, protocolError, /do not speak the same protocol.*--use-http2/],
    [503, ambient, 'malformed response or connection error', /--use-http2/],
    [503, ambient, undefined, /its log tells more.*--use-http2/],
  ] as const) {
    t.match(explainFrontEndAnswer(status, frontEnd, body, auth), meaning, `${status}`)
  }
  t.match(explainFrontEndAnswer(403, { server: ['Google Frontend'] }, undefined, ambient), /run\.invoker/)
})

t.test('what the service itself says is left alone', async (t) => {
  for (const headers of [
    {},
    { server: 'nginx', 'content-type': 'text/html' },
    { ...frontEnd, 'x-restate-server': 'restate-sdk-typescript/1.17.2' },
    { ...frontEnd, 'content-type': 'application/json' },
  ]) {
    t.equal(explainFrontEndAnswer(401, headers, undefined, ambient), undefined)
  }
  for (const status of [200, 301, 400, 415]) t.equal(explainFrontEndAnswer(status, frontEnd, '', ambient), undefined)
})
