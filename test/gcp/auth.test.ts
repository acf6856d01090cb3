import t from 'tap'
import { checkAuth, deriveAudience } from '../../src/gcp/auth.ts'

const invalid = (field: string) => ({
  code: 'PERDURE_ERR_GCP_AUTH_INVALID',
  status: 400,
  message: new RegExp(`^The request field '${field}' is invalid\\. Reason: .`),
})

t.test('the audience is derived from the text as Restate does', async (t) => {
  for (const [url, audience] of [
    ['https://svc-abc.a.run.app', 'https://svc-abc.a.run.app'],
    ['https://svc-abc.a.run.app/', 'https://svc-abc.a.run.app'],
    ['HTTP://LOCALHOST:19520/', 'http://LOCALHOST:19520'],
    ['https://Svc.Example/path?query=1#x', 'https://Svc.Example'],
    ['https://svc.example:443/', 'https://svc.example:443'],
    ['http://svc.example:80', 'http://svc.example:80'],
    ['https://svc.example:/', 'https://svc.example'],
    ['https://user:pass@svc.example/', 'https://svc.example'],
    ['https://user@a@svc.example?x', 'https://svc.example'],
    ['https://[::1]:9080/x', 'https://[::1]:9080'],
    ['https://[FD00::1]', 'https://[FD00::1]'],
    ['https://xn--bcher-kva.example/', 'https://xn--bcher-kva.example'],
    ['https://svc.example./', 'https://svc.example.'],
    ['https://evil.example\\@svc.example/', 'https://evil.example'],
  ] as const) {
    t.equal(deriveAudience(url), audience, url)
  }
  for (const url of [
    '',
    'svc.example',
    '/path',
    'https://',
    'https:///path',
    'https://:80/',
    // What would be dialled is another host than the text names.
    'https://svc%2Eexample/',
    'https://[fe80::1%25eth0]/',
  ]) {
    t.throws(() => deriveAudience(url), invalid('auth.audience'), url)
  }
})

t.test('plain http is for this machine and private networks', async (t) => {
  for (const host of [
    'localhost:9080',
    'LOCALHOST',
    '127.0.0.1:1',
    '127.9.9.9',
    '2130706433',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '[::1]:9080',
    '[fc00::1]',
    '[fdff::1]',
    '[fe80::1]',
  ]) {
    t.equal(checkAuth(`http://${host}/`, {}).audience, `http://${host}`)
  }
  for (const host of [
    'svc.example',
    'foo.localhost',
    'localhost.',
    'host.docker.internal',
    '169.254.169.254',
    '172.32.0.1',
    '172.15.0.1',
    '11.0.0.1',
    '0.0.0.0',
    '[2001:db8::1]',
    '[::ffff:10.0.0.1]',
    '[::]',
  ]) {
    t.throws(() => checkAuth(`http://${host}/`, {}), invalid('auth'), host)
    t.equal(checkAuth(`https://${host}/`, {}).audience, `https://${host}`)
  }
  for (const url of ['ftp://localhost/', 'svc', '']) t.throws(() => checkAuth(url, {}), invalid('uri'), url)
})

t.test('an audience is printable ASCII of a sane length', async (t) => {
  const longest = 'a'.repeat(2048)
  t.same(checkAuth('https://h/', { audience: longest }), { audience: longest, impersonateServiceAccount: undefined })
  t.equal(checkAuth('https://h/', { audience: 'a&format=standard' }).audience, 'a&format=standard')
  for (const audience of ['', ' ', 'a b', 'a\r\nx: y', 'a\u0000', 'ü', `${longest}a`]) {
    t.throws(
      () => checkAuth('https://h/', { audience }),
      invalid('auth.audience'),
      JSON.stringify(audience.slice(0, 9)),
    )
  }
})

t.test('a service account is the e-mail address of one', async (t) => {
  for (const account of [
    'invoker@my-project.iam.gserviceaccount.com',
    'invoker@my-project.example.com.iam.gserviceaccount.com',
    '123456-compute@developer.gserviceaccount.com',
    'my-project@appspot.gserviceaccount.com',
    'example.com.proj@appspot.gserviceaccount.com',
  ]) {
    t.equal(checkAuth('https://h/', { impersonateServiceAccount: account }).impersonateServiceAccount, account)
  }
  for (const account of [
    '',
    'X',
    'me@example.com',
    'x@y/../../other:generateAccessToken?',
    'a/b@p.iam.gserviceaccount.com',
    '../x@p.iam.gserviceaccount.com',
    'x?y@p.iam.gserviceaccount.com',
    'x@p.iam.gserviceaccount.com/..',
    'x@p.iam.gserviceaccount.com:signBlob',
    'x@p.iam.gserviceaccount.com\n',
    'x%2f@p.iam.gserviceaccount.com',
    'x@evilgserviceaccount.com',
    'x@p..gserviceaccount.com',
    `${'a'.repeat(129)}@p.iam.gserviceaccount.com`,
  ]) {
    const asked = { impersonateServiceAccount: account }
    t.throws(() => checkAuth('https://h/', asked), invalid('auth.impersonate_service_account'), account)
  }
})
