import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requiresClientCertificate } from '../../src/config/listener-tls.ts'
import { takeActivatedSockets } from '../../src/listen/socket-activation.ts'
import { load } from '../config/load.ts'
import { shortDirectory } from '../harness/short-directory.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/listeners.md'), 'utf8')

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((block) => block[1] ?? '')
}

t.test('the configurations load, without a warning, and do what the page says', async (t) => {
  const [socket = '', tls = ''] = blocks('toml')
  const grouped = load({ file: socket })
  t.strictSame(grouped.warnings, [])
  t.match(grouped.config.ingress, {
    unixSocketPath: '/run/perdure/ingress.sock',
    unixSocketGroup: 'www-data',
    unixSocketMode: 0o660,
  })
  const mutual = load({ file: tls })
  t.strictSame(mutual.warnings, [])
  t.ok(requiresClientCertificate(mutual.config.admin))
})

t.test('the socket unit is one for systemd, and its name is that of a listener', async (t) => {
  const [unit = ''] = blocks('ini')
  const name = /^FileDescriptorName=(.*)$/m.exec(unit)?.[1]
  t.same(takeActivatedSockets({ LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: name }, 1), {
    admin: [3],
    ingress: [],
    fabric: [],
  })
  const directory = shortDirectory(t)
  const file = join(directory, 'perdure-admin.socket')
  writeFileSync(file, unit)
  // The service that it starts has to be there.
  writeFileSync(join(directory, 'perdure.service'), '[Service]\nType=exec\nExecStart=/bin/true\n')
  t.doesNotThrow(() => execFileSync('systemd-analyze', ['verify', '--man=no', file], { stdio: 'pipe' }))
})
