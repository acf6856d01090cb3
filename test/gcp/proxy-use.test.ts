import t from 'tap'
import { usesProxy } from '../../src/gcp/proxy-use.ts'

const proxy = 'http://127.0.0.1:3128'
const google = new URL('https://oauth2.googleapis.com/token')

t.test('only TLS, and only by the variable for it', async (t) => {
  t.equal(usesProxy(google, {}), false)
  t.equal(usesProxy(google, { HTTPS_PROXY: '' }), false)
  t.equal(usesProxy(google, { HTTP_PROXY: proxy, http_proxy: proxy }), false)
  t.equal(usesProxy(google, { HTTPS_PROXY: proxy }), true)
  t.equal(usesProxy(google, { https_proxy: proxy }), true)
  t.equal(usesProxy(new URL('http://169.254.169.254/'), { HTTPS_PROXY: proxy }), false)
})

t.test('exceptions', async (t) => {
  for (const [rules, isUsed] of [
    ['', true],
    ['*', false],
    ['googleapis.com', false],
    ['.googleapis.com', false],
    ['*.googleapis.com', false],
    ['OAuth2.GoogleAPIs.com', false],
    ['oauth2.googleapis.com:443', false],
    ['oauth2.googleapis.com:8443', true],
    ['apis.com', true],
    ['localhost, 127.0.0.1,  .googleapis.com', false],
    ['localhost,10.0.0.0/8', true],
  ] as const) {
    t.equal(usesProxy(google, { HTTPS_PROXY: proxy, NO_PROXY: rules }), isUsed, rules)
    t.equal(usesProxy(google, { HTTPS_PROXY: proxy, no_proxy: rules }), isUsed, rules)
  }
})
