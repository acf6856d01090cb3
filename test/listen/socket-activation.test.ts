import { closeSync, openSync } from 'node:fs'
import t from 'tap'
import { createListener } from '../../src/listen/listener.ts'
import { takeActivatedSockets } from '../../src/listen/socket-activation.ts'
import { captureLog, testConfig } from './fixture.ts'

t.test('descriptors go to the listeners that their names say, several to one', async (t) => {
  const env = { LISTEN_FDS: '4', LISTEN_PID: '42', LISTEN_FDNAMES: 'ingress:admin:ingress:fabric', PATH: '/bin' }
  t.same(takeActivatedSockets(env, 42), { ingress: [3, 5], admin: [4], fabric: [6] })
  t.same(env, { PATH: '/bin' }, 'children get nothing of it')
})

t.test('what is not for this process is left, and its variables removed', async (t) => {
  for (const given of [{}, { LISTEN_FDS: '1' }, { LISTEN_FDS: '1', LISTEN_PID: '7', LISTEN_FDNAMES: 'x' }]) {
    const env = { ...given }
    t.equal(takeActivatedSockets(env, 42), undefined)
    t.same(env, {})
  }
})

t.test('variables that make no sense stop the start', async (t) => {
  const cases = [
    [{ LISTEN_FDS: '0' }, /LISTEN_FDS is "0"/],
    [{ LISTEN_FDS: 'two' }, /LISTEN_FDS is "two"/],
    [{ LISTEN_FDS: '1' }, /LISTEN_FDNAMES is not set.*FileDescriptorName=/],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'ingress' }, /says 2 sockets and LISTEN_FDNAMES has 1 names/],
    [
      { LISTEN_FDS: '2', LISTEN_FDNAMES: 'ingress:perdure.socket' },
      /socket 4 is named "perdure\.socket".*FileDescriptorName=/,
    ],
    [{ LISTEN_FDS: '1', LISTEN_FDNAMES: '' }, /socket 3 is named ""/],
  ] as const
  for (const [given, message] of cases) {
    const env = { ...given, LISTEN_PID: '42' }
    t.throws(() => takeActivatedSockets(env, 42), { code: 'PERDURE_ERR_LISTEN_ACTIVATION_INVALID', message })
    t.same(env, {})
  }
})

t.test('a descriptor that is no listening socket stops the start', async (t) => {
  const file = openSync('/dev/null', 'r')
  t.teardown(() => {
    closeSync(file)
  })
  for (const fd of [file, 999]) {
    await using listener = createListener('admin', testConfig(), captureLog().log, { activatedSockets: [fd] })
    await t.rejects(listener.start(), {
      code: 'PERDURE_ERR_LISTEN_ACTIVATION_INVALID',
      message: new RegExp(`^the passed socket ${fd}, for admin, cannot be listened on \\(E[A-Z]+\\).*ListenStream=`),
    })
    t.same(listener.addresses, [])
  }
})
