import t from 'tap'
import { testAdmin } from './admin-app.ts'
import { deployment, dpA } from './samples.ts'

const secret = 'S3CRET'

t.test('a refused write says what was asked, and shows no secret', async (t) => {
  await using admin = testAdmin()
  admin.client.schema.put(deployment(dpA))
  const ask = async (method: 'POST' | 'PATCH', url: string, payload: object) => {
    admin.registry.failure = new Error('out of order')
    const before = admin.log.info.length
    const { statusCode } = await admin.app.inject({ method, url, payload })
    const lines = admin.log.info.slice(before)
    t.equal(lines.length, 1, `one line: ${method} ${url}`)
    t.match(lines[0], { event: 'admin-write', result: 'refused', status: statusCode })
    t.notMatch(JSON.stringify(lines), secret)
    return lines[0]
  }
  t.match(
    await ask('POST', '/deployments', {
      uri: `http://user:${secret}@10.0.0.1:9080/base?key=${secret}`,
      additional_headers: { authorization: secret },
      force: true,
    }),
    { action: 'deployment.register', uri: 'http://10.0.0.1:9080/base', force: true, dryRun: false },
  )
  t.match(await ask('POST', '/deployments', { uri: `no address ${secret}` }), { uri: '(unreadable)' })
  t.match(
    await ask('PATCH', `/deployments/${dpA}`, {
      uri: `http://10.0.0.1:9081/?key=${secret}`,
      additional_headers: { 'x-key': secret },
    }),
    { deploymentId: dpA, uri: 'http://10.0.0.1:9081/', changes: ['uri', 'additionalHeaders'] },
  )
  t.match(await ask('POST', '/services/Nope/state', { object_key: 'alice', new_state: { a: secret } }), {
    objectKey: 'alice',
  })
  t.match(await ask('PATCH', '/services/Nope', { journal_retention: '2h' }), {
    service: 'Nope',
    patch: { journalRetentionMs: 7_200_000 },
  })
  t.match(await ask('PATCH', '/invocations/bad/resume?deployment=latest', {}), { deployment: 'latest' })
  t.match(await ask('PATCH', '/invocations/bad/restart-as-new?from=3', {}), { from: 3, deployment: 'latest' })
})
