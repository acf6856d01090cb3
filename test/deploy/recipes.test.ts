import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { targetAccount } from '../gcp/credential-files.ts'
import { machineAccount } from '../gcp/google-fakes.ts'
import { PrivateCloud } from '../gcp/private-cloud.ts'
import { ensurePeer } from '../peer/peer.ts'

const recipes = join(import.meta.dirname, '../../deploy/cloud-run')
const run = promisify(execFile)

// The first run installs the CLI.
t.setTimeout(600_000)
const { cli } = await ensurePeer()

/**
 * Runs a recipe with the official CLI against a server here, and programs that write down what they are asked in
 * place of Google's. Resolves to the commands.
 */
async function runRecipe(t: Test, name: string, cloud: PrivateCloud, env: Record<string, string>): Promise<string[]> {
  const directory = t.testdir()
  const bin = join(directory, 'bin')
  const asked = join(directory, 'asked')
  mkdirSync(bin)
  const script = (file: string, text: string) => {
    writeFileSync(join(bin, file), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, file), 0o755)
  }
  const note = (program: string) => `printf '%s\\n' "${program} $*" >> ${asked}`
  script(
    'gcloud',
    `${note('gcloud')}\ncase "$*" in *"services describe"*"value(status.url)"*) echo ${cloud.service.origin};; esac`,
  )
  script('kubectl', `${note('kubectl')}\ncase "$1" in kustomize) cat "$2"/*;; apply) cat > ${directory}/applied;; esac`)
  script('restate', `${note('restate')}\nexec ${cli} "$@"`)
  await run('sh', [join(recipes, name)], {
    cwd: directory,
    env: {
      HOME: directory,
      PATH: `${bin}${delimiter}/usr/bin${delimiter}/bin`,
      HTTPS_PROXY: 'http://127.0.0.1:9',
      RESTATE_ADMIN_URL: cloud.admin,
      RESTATE_CLI_CONFIG_HOME: join(directory, 'config'),
      PROJECT: 'proj',
      REGION: 'europe-west1',
      ZONE: 'europe-west1-b',
      ...env,
    },
  })
  return readFileSync(asked, 'utf8').trimEnd().split('\n')
}

t.test('each shell recipe says what it wants, and is a script', async (t) => {
  const scripts = readdirSync(recipes).filter((name) => name.endsWith('.sh'))
  t.ok(scripts.length >= 5)
  const readme = readFileSync(join(recipes, 'README.md'), 'utf8')
  for (const name of scripts) {
    const text = readFileSync(join(recipes, name), 'utf8')
    t.match(text, /^#!\/bin\/sh\n# [\s\S]*\nset -eu\n/, name)
    await run('sh', ['-n', join(recipes, name)])
    const documented = new Set([...text.matchAll(/^# ([A-Z]+) {2,}/gm)].map((match) => match[1]))
    const used = new Set([...text.matchAll(/\$([A-Z]+)\b/g)].map((match) => match[1]))
    t.same([...used].sort(), [...documented].sort(), name)
    t.ok(readme.includes(`(${name})`), `${name} is in the list`)
  }
})

t.test('the services of the recipes end up registered, and answer', async (t) => {
  await t.test('service.sh', async (t) => {
    const cloud = await PrivateCloud.start(t)
    cloud.service.grant(machineAccount)
    const asked = await runRecipe(t, 'service.sh', cloud, { SERVICE: 'greeter', PERDURE: machineAccount })
    t.match(asked[0], 'services enable run.googleapis.com cloudbuild.googleapis.com artifactregistry.googleapis.com')
    t.match(asked[1], 'run deploy greeter --project proj --region europe-west1 --source . --use-http2')
    t.match(asked[1], '--no-allow-unauthenticated')
    t.match(asked[2], `--role roles/run.invoker --member serviceAccount:${machineAccount}`)
    t.match(await cloud.deployment(), { auth: { GoogleIdToken: { audience: cloud.service.origin } } })
    t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
  })

  await t.test('impersonation.sh', async (t) => {
    const cloud = await PrivateCloud.start(t)
    const service = targetAccount.split('@')[0] ?? ''
    cloud.service.grant(`${service}-caller@proj.iam.gserviceaccount.com`)
    const env = { SERVICE: service, PERDURE: `serviceAccount:${machineAccount}` }
    const asked = await runRecipe(t, 'impersonation.sh', cloud, env)
    t.match(asked.join('\n'), `roles/iam.serviceAccountOpenIdTokenCreator --member serviceAccount:${machineAccount}`)
    t.match(await cloud.deployment(), {
      auth: { GoogleIdToken: { impersonate_service_account: `${service}-caller@proj.iam.gserviceaccount.com` } },
    })
    t.same(await cloud.call('greet', 'Ada'), { status: 200, json: 'Hello Ada' })
  })

  await t.test('custom-domain.sh', async (t) => {
    const cloud = await PrivateCloud.start(t)
    cloud.service.grant(machineAccount)
    const running = runRecipe(t, 'custom-domain.sh', cloud, { SERVICE: 'greeter', DOMAIN: 'localhost:1' })
    // Nothing listens there; what counts is whom the token was for.
    await t.rejects(running, /META0003.*cannot connect to https:\/\/localhost:1\//)
    t.match(cloud.fakes.seen.at(-1)?.query, { audience: 'https://localhost:1' })
  })
})

t.test('the places for Perdure itself', async (t) => {
  const cloud = await PrivateCloud.start(t)
  await t.test('perdure-on-gce.sh', async (t) => {
    const asked = await runRecipe(t, 'perdure-on-gce.sh', cloud, {})
    t.match(asked[0], 'services enable compute.googleapis.com')
    t.match(asked[2], /compute instances create .*--service-account perdure@proj\.iam.*--scopes cloud-platform/)
  })
  await t.test('perdure-on-gke.sh', async (t) => {
    const asked = await runRecipe(t, 'perdure-on-gke.sh', cloud, { IMAGE: 'registry.example/perdure:1' })
    t.match(asked[0], 'services enable container.googleapis.com')
    t.match(asked.join('\n'), 'serviceAccount:proj.svc.id.goog[perdure/perdure]')
    const applied = readFileSync(join(t.testdirName, 'applied'), 'utf8')
    t.match(applied, 'image: registry.example/perdure:1\n')
    t.match(applied, 'iam.gke.io/gcp-service-account: perdure@proj.iam.gserviceaccount.com\n')
    t.notMatch(applied, /: (IMAGE|.*PROJECT)/)
  })
})

t.test('what the tools themselves say, where they are', async (t) => {
  const env = { PATH: process.env.PATH, HOME: t.testdir(), CHECKPOINT_DISABLE: '1' }
  for (const [program, ...args] of [
    ['terraform', 'fmt', '-check', '-diff', join(recipes, 'terraform')],
    ['kubectl', 'kustomize', join(recipes, 'gke')],
  ]) {
    const { status, stdout, stderr, error } = spawnSync(program ?? '', args, { env, encoding: 'utf8' })
    if (error === undefined) t.equal(status, 0, `${program}: ${stdout}${stderr}`)
    else t.match(error, { code: 'ENOENT' }, `${program} is not on this machine`)
  }
})
