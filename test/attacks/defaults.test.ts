import t from 'tap'
import { load } from '../config/load.ts'

const { config } = load({ file: '' })
const everywhere = ['ingress', 'admin', 'fabric'] as const

t.test('attack 5, 7, 8, 9, 35: the limits that attacks run into are there by default', async (t) => {
  const MiB = 1024 * 1024
  t.equal(config.ingress.requestSizeLimitBytes, 32 * MiB)
  for (const name of everywhere) {
    const { headersTimeoutMs, bodyTimeoutMs, idleTimeoutMs, maxHeaderBytes, maxHeaderCount } = config[name]
    t.ok(headersTimeoutMs <= 10_000, `${name}: a header section, and silence before it`)
    t.ok(bodyTimeoutMs <= 30_000, `${name}: a body`)
    t.ok(idleTimeoutMs <= 75_000, `${name}: between requests`)
    t.ok(maxHeaderBytes <= 17 * 1024 && maxHeaderCount <= 149, `${name}: headers`)
  }
  const { timeoutMs, maxRows, maxResultBytes } = config.admin.query
  t.ok(timeoutMs <= 30_000 && maxRows <= 1_000_000 && maxResultBytes <= 64 * MiB, 'queries')
})
