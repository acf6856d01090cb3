import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { doctorCommand } from '../../src/commands/doctor.ts'
import { CloudRun } from './cloud-run.ts'
import { credentialsEnv, targetAccount, userFile } from './credential-files.ts'
import { GoogleFakes, machineAccount } from './google-fakes.ts'
import { startSdkService } from './sdk-service.ts'

const main = join(import.meta.dirname, '../../src/main.ts')

async function start(t: Test) {
  const fakes = await GoogleFakes.start(t)
  const service = await CloudRun.start(t, { container: await startSdkService(t), jwksUrl: fakes.jwksUrl })
  return { fakes, service }
}

/** The command in a process of its own. */
function perdure(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, HOME: '/nowhere', ...env } })
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

t.test('from the command line: all well, then without the role', async (t) => {
  const { fakes, service } = await start(t)
  service.grant(machineAccount)
  const well = await perdure(['doctor', 'gcp', service.origin], fakes.env)
  t.match(well, { code: 0, stderr: '' })
  t.match(well.stdout, /ok +credentials: .*metadata server, because GOOGLE_APPLICATION_CREDENTIALS is not set/)
  t.match(well.stdout, /ok +token: .*this server is machine@proj/)
  t.match(well.stdout, new RegExp(`aud: ${service.origin}\n`))
  t.match(well.stdout, /ok +discovery: The service answered discovery: Greeter\./)
  t.match(well.stdout, `Next: Register it: restate deployments register ${service.origin} --gcp-id-token`)
  t.notMatch(well.stdout, /eyJ/)
  t.match(service.passed[0], { path: '/discover' })

  service.revoke(machineAccount)
  const refused = await perdure(['doctor', 'gcp', service.origin], fakes.env)
  t.equal(refused.code, 1)
  t.match(refused.stdout, /FAILED discovery: .* status 403\. The token is good.*roles\/run\.invoker/)
  t.notMatch(refused.stdout, /eyJ/)
})

t.test('impersonation and audience', async (t) => {
  const { fakes, service } = await start(t)
  service.audiences.push('https://custom.example')
  service.grant(targetAccount)
  let text = ''
  const isWell = await doctorCommand(
    ['gcp', service.origin, '--impersonate', targetAccount, '--audience=https://custom.example'],
    {
      env: credentialsEnv(t, userFile()),
      cwd: t.testdir(),
      write: (written) => {
        text += written
      },
      mint: { redirect: fakes.redirect },
    },
  )
  t.equal(isWell, true, text)
  t.match(text, /user credentials.*\n[\s\S]*this server is target@proj/)
  t.match(text, `--gcp-impersonate-service-account ${targetAccount} --gcp-audience https://custom.example`)
})

t.test('a service that is not there, and a URL that is none', async (t) => {
  const { fakes } = await start(t)
  const silent = { env: fakes.env, cwd: t.testdir() }
  let text = ''
  const write = (written: string) => {
    text += written
  }
  t.equal(await doctorCommand(['gcp', 'http://127.0.0.1:1'], { ...silent, write }), false)
  t.match(text, /FAILED discovery: cannot connect to http:\/\/127\.0\.0\.1:1\/ \(ECONNREFUSED\)/)
  t.equal(await doctorCommand(['gcp', 'greeter'], { ...silent, write }), false)
  t.match(text, /FAILED authentication: .*absolute https/)
})

t.test('the command line', async (t) => {
  let text = ''
  const surroundings = {
    env: {},
    cwd: t.testdir(),
    write: (written: string) => {
      text += written
    },
  }
  t.equal(await doctorCommand(['--help'], surroundings), true)
  t.match(text, /^Usage: perdure doctor gcp <url>/)
  for (const args of [
    [],
    ['gcp'],
    ['aws', 'https://h'],
    ['gcp', 'https://h', 'https://i'],
    ['gcp', '--audienc', 'x'],
  ]) {
    await t.rejects(doctorCommand(args, surroundings), { code: 'PERDURE_ERR_CONFIG_COMMAND_LINE' })
  }
  await t.rejects(doctorCommand(['gcp', 'https://h'], { ...surroundings, env: { RESTATE_NONSENSE: '1' } }), {
    code: 'PERDURE_ERR_CONFIG_UNKNOWN_KEY',
  })
})
