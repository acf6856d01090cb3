import t from 'tap'
import {
  invocationContentType,
  invocationVersion,
  isDiscoverable,
  manifestAccept,
  manifestVersionOf,
  maxInvocationVersion,
} from '../../src/protocol/content-type.ts'

t.test('media types', (t) => {
  t.equal(invocationContentType(6), 'application/vnd.restate.invocation.v6')
  t.equal(
    manifestAccept,
    'application/vnd.restate.endpointmanifest.v1+json, application/vnd.restate.endpointmanifest.v2+json, ' +
      'application/vnd.restate.endpointmanifest.v3+json, application/vnd.restate.endpointmanifest.v4+json',
  )
  t.equal(manifestVersionOf('application/vnd.restate.endpointmanifest.v3+json'), 3)
  for (const other of [
    undefined,
    '',
    'application/json',
    'application/vnd.restate.endpointmanifest.v5+json',
    'Application/vnd.restate.endpointmanifest.v3+json',
    'application/vnd.restate.endpointmanifest.v3+json; charset=utf-8',
  ]) {
    t.equal(manifestVersionOf(other), undefined, String(other))
  }
  t.end()
})

t.test('which ranges register, and which version they run with', (t) => {
  const cases: readonly (readonly [min: number, max: number, registers: boolean, version: number | undefined])[] = [
    [1, 4, false, undefined],
    [1, 5, true, 5],
    [5, 5, true, 5],
    [5, 6, true, 6],
    [5, 7, true, 6],
    [6, 100, true, 6],
    [7, 7, true, undefined],
    [8, 9, false, undefined],
  ]
  for (const [min, max, registers, version] of cases) {
    t.equal(isDiscoverable(min, max), registers, `${min} to ${max} registers`)
    t.equal(invocationVersion(min, max), version, `${min} to ${max} runs`)
  }
  t.equal(invocationVersion(5, 7, maxInvocationVersion), 7)
  t.equal(invocationVersion(7, 7, maxInvocationVersion), 7)
  t.equal(invocationVersion(5, 6, maxInvocationVersion), 6)
  t.equal(invocationVersion(8, 9, maxInvocationVersion), undefined)
  t.end()
})
