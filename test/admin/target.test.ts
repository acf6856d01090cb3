import t from 'tap'
import { adminTarget, apiVersionOf } from '../../src/admin/target.ts'

t.test('what is routed', async (t) => {
  for (const [target, routed, version] of [
    ['/deployments', '/deployments', undefined],
    ['/v2/deployments?dry=1', '/deployments?dry=1', 2],
    ['/v4/services/v3/handlers', '/services/v3/handlers', 4],
    ['/v3/v3/services', '/v3/services', 3],
    ['/v5/services', '/v5/services', undefined],
    ['/v4', '/v4', undefined],
    ['/v4?x', '/v4?x', undefined],
    ['/V4/services', '/V4/services', undefined],
    ['/%764/services', '/%764/services', undefined],
    ['/v1/services', '/v1/services', undefined],
    // Neither the door nor what tells of the oldest version is behind another one.
    ['/v4/v1/services', '/v4/v1/services', 4],
    ['/v4/v1', '/v4/v1', 4],
    ['/v4/ingress/Greeter/greet', '/v4/ingress/Greeter/greet', 4],
    ['/v4/ingress', '/v4/ingress', 4],
    ['/ingress/v2/x%2Fy?z', '/ingress', undefined],
    ['/ingress', '/ingress', undefined],
    ['/ingress?x', '/ingress', undefined],
    ['/ingressed/x', '/ingressed/x', undefined],
  ] as const) {
    t.equal(adminTarget(target), routed, target)
    t.equal(apiVersionOf(target), version, target)
  }
})
