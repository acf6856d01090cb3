import { execFile } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { type ProviderSchema, startStandInProvider } from './stand-in-provider.ts'

const recipe = join(import.meta.dirname, '../../deploy/cloud-run/terraform')
const run = promisify(execFile)

const iamMember = { role: 'string', member: 'string' }

/** Of Google's provider, what a private service needs: names, types and nesting as its documentation has them. */
const google: ProviderSchema = {
  provider: { optional: { project: 'string', region: 'string', zone: 'string' } },
  resources: {
    google_project_service: {
      required: { service: 'string' },
      optional: { project: 'string', disable_on_destroy: 'bool' },
    },
    google_service_account: {
      required: { account_id: 'string' },
      optional: { display_name: 'string', description: 'string', project: 'string' },
      computed: { name: 'string', email: 'string', member: 'string', unique_id: 'string' },
    },
    google_service_account_iam_member: { required: { service_account_id: 'string', ...iamMember } },
    google_cloud_run_v2_service: {
      required: { name: 'string', location: 'string' },
      optional: { project: 'string', ingress: 'string', custom_audiences: ['list', 'string'] },
      computed: { uri: 'string' },
      blocks: {
        template: {
          optional: { service_account: 'string', timeout: 'string', max_instance_request_concurrency: 'number' },
          blocks: {
            containers: {
              required: { image: 'string' },
              blocks: { ports: { optional: { name: 'string', container_port: 'number' } } },
            },
          },
        },
      },
    },
    google_cloud_run_v2_service_iam_member: {
      required: { name: 'string', ...iamMember },
      optional: { location: 'string', project: 'string' },
    },
    google_compute_instance: {
      required: { name: 'string', machine_type: 'string' },
      optional: { zone: 'string', project: 'string' },
      blocks: {
        boot_disk: { blocks: { initialize_params: { optional: { image: 'string' } } } },
        network_interface: {
          optional: { network: 'string', subnetwork: 'string' },
          blocks: { access_config: { optional: { nat_ip: 'string' } } },
        },
        service_account: { required: { scopes: ['set', 'string'] }, optional: { email: 'string' } },
      },
    },
  },
}

interface Verdict {
  readonly valid: boolean
  readonly diagnostics: readonly { readonly summary: string; readonly detail: string }[]
}

/** What Terraform says of a copy of the recipe; `undefined` where there is no Terraform. */
async function validate(t: Test, provider: Record<string, string>, change?: (text: string) => string) {
  const directory = join(t.testdir(), 'recipe')
  cpSync(recipe, directory, { recursive: true })
  if (change !== undefined) {
    const file = join(directory, 'service.tf')
    writeFileSync(file, change(readFileSync(file, 'utf8')))
  }
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    CHECKPOINT_DISABLE: '1',
    // Should it want the registry after all, it gets nowhere.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    ...provider,
  }
  try {
    await run('terraform', ['init', '-backend=false', '-input=false', '-no-color'], { cwd: directory, env })
    const { stdout } = await run('terraform', ['validate', '-json'], { cwd: directory, env }).catch(
      (error: unknown) => {
        if (error instanceof Error && 'stdout' in error && String(error.stdout).startsWith('{')) {
          return { stdout: String(error.stdout) }
        }
        throw error
      },
    )
    return JSON.parse(stdout) as Verdict
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

t.test('the configuration is valid, and what is wrong in it would be found', async (t) => {
  const provider = await startStandInProvider(t, 'registry.terraform.io/hashicorp/google', google)
  for (const [what, change, complaint] of [
    ['as it is', undefined, undefined],
    ['an unknown variable', (text: string) => text.replace('var.image', 'var.picture'), /undeclared input variable/],
    [
      'an unknown resource',
      (text: string) => text.replace('account.perdure.', 'account.nobody.'),
      /undeclared resource/,
    ],
    ['an unknown attribute', (text: string) => text.replace('service.uri', 'service.url'), /Unsupported attribute/],
    ['an unknown argument', (text: string) => text.replace('container_port', 'port'), /Unsupported argument/],
    ['a missing argument', (text: string) => text.replace(/role .*/, ''), /Missing required argument/],
  ] as const) {
    await t.test(what, async (t) => {
      const verdict = await validate(t, provider, change)
      if (verdict === undefined) t.comment('Terraform is not on this machine')
      else if (complaint === undefined) t.match(verdict, { valid: true, diagnostics: [] })
      else t.match(JSON.stringify(verdict), complaint)
    })
  }
})

t.test('what makes the service private and two-way is there', async (t) => {
  const files = readdirSync(recipe).filter((name) => name.endsWith('.tf'))
  const text = files.map((name) => readFileSync(join(recipe, name), 'utf8').replace(/#.*/g, '')).join('\n')
  t.notMatch(text, /allUsers|allAuthenticatedUsers/, 'no binding opens it')
  t.notMatch(text, /google_service_account_key|private_key/, 'no key is made')
  t.match(text, /ports \{\s+name += "h2c"/, 'HTTP/2 up to the container')
  const roles = [...text.matchAll(/role += "([^"]+)"/g)].map((match) => match[1])
  t.same(roles.sort(), [
    'roles/iam.serviceAccountOpenIdTokenCreator',
    'roles/iam.workloadIdentityUser',
    'roles/run.invoker',
    'roles/run.invoker',
  ])
  const used = new Set([...text.matchAll(/\bvar\.(\w+)/g)].map((match) => match[1]))
  const declared = new Set([...text.matchAll(/^variable "(\w+)"/gm)].map((match) => match[1]))
  t.same([...used].sort(), [...declared].sort())
})
