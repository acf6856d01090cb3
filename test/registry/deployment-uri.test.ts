import t from 'tap'
import { RegistrationInvalid } from '../../src/errors/registry.ts'
import { addressOf, displayUri, parseDeploymentUri } from '../../src/registry/deployment-uri.ts'

t.test('the stored form', async (t) => {
  const stored = (text: string) => parseDeploymentUri(text).href
  t.equal(stored('http://localhost:9080'), 'http://localhost:9080/')
  t.equal(stored('HTTP://LOCALHOST:9080/a/b'), 'http://localhost:9080/a/b/')
  t.equal(stored('http://h/x?tenant=1#frag'), 'http://h/x/?tenant=1')
  t.equal(stored('https://h:443'), 'https://h/')
  t.equal(stored('http://[::1]:9080'), 'http://[::1]:9080/')
})

t.test('what is refused, with a reason', async (t) => {
  const refused: [string, RegExp][] = [
    ['localhost:9080', /absolute/],
    ['/services', /absolute/],
    ['', /absolute/],
    ['ftp://h/', /absolute/],
    ['http:h', /absolute/],
    ['http:///h', /absolute/],
    ['http://h:99999/', /host or port/],
    ['http://h:0/', /port 0/],
    ['http://a:b@h/', /additional_headers/],
    ['http://a@h/', /additional_headers/],
    ['http://exa\tmple/', /characters/],
    ['http://h\\@evil/', /characters/],
    ['http://h/ x', /characters/],
    ['http://bücher.example/', /punycode/],
  ]
  for (const [text, message] of refused) {
    t.throws(() => parseDeploymentUri(text), { code: RegistrationInvalid.definition.code, status: 400, message }, text)
  }
})

t.test('secrets stay out of errors and displays', async (t) => {
  t.throws(() => parseDeploymentUri('http://user:hunter2@h/'), { message: /^(?!.*hunter2)/s })
  t.equal(displayUri(parseDeploymentUri('http://h:1/p?key=hunter2')), 'http://h:1/p/')
})

t.test('identity: host and path, not scheme, query or letter case', async (t) => {
  const address = (text: string) => addressOf(parseDeploymentUri(text))
  t.equal(address('http://LOCALHOST:9080'), address('https://localhost:9080/?x=1'))
  t.equal(address('http://h/a'), address('http://h/a/'))
  t.not(address('http://h/a'), address('http://h/A'))
  t.not(address('http://h:1/'), address('http://h:2/'))
})
