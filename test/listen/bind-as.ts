import { createListener } from '../../src/listen/listener.ts'
import { captureLog, testConfig } from './fixture.ts'

// Started by a test, becomes another user where it can, binds a socket for a group, and says how that went.
const [, , unixSocketPath = '', unixSocketGroup = '', uid = ''] = process.argv
const config = testConfig({ listenMode: 'unix', unixSocketPath, unixSocketMode: 0o660, unixSocketGroup })
await using listener = createListener('ingress', config, captureLog().log)
if (process.getuid?.() === 0) {
  process.setgroups?.([])
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}
const outcome = await listener.start().then(
  () => 'bound',
  (error: unknown) =>
    error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : String(error),
)
process.stdout.write(`${outcome}\n`)
