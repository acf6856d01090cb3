import { createHash } from 'node:crypto'
import t from 'tap'
import { explainHeader } from '../../src/ingress/explain-header.ts'
import { ServiceHeaderPolicies } from '../../src/ingress/service-header-policies.ts'
import { RawClient } from '../listen/fixture.ts'
import { noAuth, serverConfig, startIngress } from './fixture.ts'

/** One of each class, and values that are refused. */
const headers: readonly string[] = [
  'Accept: text/plain',
  'Accept: caf\u00e9',
  'X-Tenant-Id: 7',
  'X-Tenant-Id: \u0001',
  'x-tenant-token: secret',
  'Cookie: a=1',
  'Set-Cookie: a=1',
  'Authorization: Basic YTpi',
  'X-Plain: 1',
  'X-Plain: caf\u00e9',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Idempotency-Key: k1',
  'Idempotency-Key: caf\u00e9',
  'X-Restate-Limit-Key: a',
  'X-Restate-Limit-Key:',
  'X-Restate-Ingress-Path: /forged',
  'X-Caller-Id: root',
  'Forwarded: for=1',
]

t.test('what is said of a header is what becomes of it', async (t) => {
  const auth = {
    ...noAuth,
    apiKeys: { web: `sha256:${createHash('sha256').update('key').digest('hex')}` },
    apiKeyHeaders: ['x-team-key'],
    subjectHeader: 'x-caller-id',
  }
  const classes = new Set<string>()
  for (const headerPolicy of ['allow-list', 'restate-compatible'] as const) {
    const config = serverConfig({ auth, headerPolicy, headerAllowListExtra: ['x-tenant-*', 'cookie'] })
    const options = { credentialHeaders: auth.apiKeyHeaders, subjectHeader: auth.subjectHeader }
    const { base } = new ServiceHeaderPolicies(config.ingress, options)
    await using ingress = await startIngress(config)
    for (const header of [...headers, 'X-Team-Key: key']) {
      const explanation = explainHeader(base, header) ?? ''
      const key = header.startsWith('X-Team-Key') ? '' : 'x-team-key: key\r\n'
      const request = `POST /Svc/echo HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 1\r\n${key}${header}\r\n\r\n1`
      const answer = await new RawClient(ingress.port).send(Buffer.from(request, 'latin1')).untilClosed()
      const isRefused = explanation.includes('refused with 400')
      t.match(answer, isRefused ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 200 /, `${headerPolicy}: ${header}`)
      if (isRefused) continue
      const [, name = '', verdict, headerClass = ''] = /^(\S+): (kept|dropped) \((\S+)\)/.exec(explanation) ?? []
      const value = header.slice(header.indexOf(':') + 1).trim()
      const isKept = ingress.partition.last.headers.some((kept) => kept[0] === name && kept[1] === value)
      t.equal(isKept, verdict === 'kept', `${headerPolicy}: ${header}`)
      classes.add(headerClass)
    }
  }
  t.strictSame(
    [...classes].sort(),
    ['compatible', 'credential', 'explicit', 'reserved', 'sensitive', 'transport', 'unlisted', 'wildcard'],
    'all classes were seen',
  )
})
