import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fastify from 'fastify'
import type { StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { type HelmData, renderTemplate } from './helm-template.ts'
import { admits, type Connection, lets, type Party, selects } from './network-policy.ts'

// No cluster and no Helm: the files are checked against the types of the Kubernetes API, and the policy is evaluated here.
t.setTimeout(300_000)
const root = join(import.meta.dirname, '../..')
const recipes = join(root, 'deploy/kubernetes')
const chart = join(root, 'deploy/helm/perdure')

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
}

function resourcesIn(text: string): readonly Resource[] {
  return parseAllDocuments(text).map((document) => {
    if ('errors' in document && document.errors.length > 0) throw document.errors[0]
    return document.toJS()
  })
}

const read = (file: string) => readFileSync(join(recipes, file), 'utf8')
const plain = [...resourcesIn(read('perdure.yaml')), ...resourcesIn(read('network-policy.yaml'))]
const all = [...resourcesIn(read('namespace.yaml')), ...plain]

function find<Kind>(kind: string, name = 'perdure'): Kind {
  const found = all.filter((resource) => resource.kind === kind && resource.metadata.name === name)
  if (found.length !== 1) throw new Error(`${found.length} resources ${kind}/${name}`)
  // Which the test on types makes sure of.
  return found[0] as Kind
}

const templates = readdirSync(join(chart, 'templates'))
const templateText = (name: string) => readFileSync(join(chart, 'templates', name), 'utf8')
const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8'))
const release: HelmData = { Release: { Name: 'perdure', Namespace: 'perdure' }, Values: values }

t.test('every manifest is what the Kubernetes API takes', async (t) => {
  const { status, stdout } = await typeCheck(t.testdir(), all)
  t.equal(status, 0, stdout)
  const sabotaged = JSON.parse(JSON.stringify(all).replace('readOnlyRootFilesystem', 'readOnlyRootFilesytem'))
  const found = await typeCheck(join(t.testdirName, 'wrong'), sabotaged)
  t.not(found.status, 0, 'what is wrong is found')
  t.match(found.stdout, /readOnlyRootFilesytem/)
})

/** By the compiler: each resource must be of the type of its kind, with no other fields. */
async function typeCheck(directory: string, resources: readonly Resource[]) {
  mkdirSync(directory, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  const lines = resources.map((resource, index) => {
    const group = resource.apiVersion.includes('/')
      ? resource.apiVersion.replace(/\.k8s\.io/, '')
      : `core/${resource.apiVersion}`
    return `export const r${index}: import('kubernetes-types/${group}').${resource.kind} = ${JSON.stringify(resource)}`
  })
  writeFileSync(join(directory, 'manifests.ts'), `${lines.join('\n')}\n`)
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    module: 'esnext',
    moduleResolution: 'bundler',
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }))
  // Without what the test runner adds to every Node.
  const args = ['-u', 'NODE_OPTIONS', process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', directory]
  const { status, stdout, stderr } = spawnSync('env', args, { encoding: 'utf8' })
  return { status, stdout: stdout + stderr }
}

t.test('the pod may do nothing that it need not', async (t) => {
  const { template, replicas, volumeClaimTemplates = [] } = find<StatefulSet>('StatefulSet').spec ?? {}
  t.equal(replicas, 1, 'a data directory belongs to one process')
  t.equal(volumeClaimTemplates.length, 1)
  const pod = template?.spec
  t.match(pod?.securityContext, {
    runAsNonRoot: true,
    runAsUser: 65532,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.equal(pod?.automountServiceAccountToken, false)
  t.ok(Number(pod?.terminationGracePeriodSeconds) > 60)
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) t.notOk(key in (pod ?? {}))
  const [container, ...more] = pod?.containers ?? []
  t.equal(more.length, 0)
  t.same(container?.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  for (const probe of [container?.startupProbe, container?.readinessProbe, container?.livenessProbe])
    t.same(probe?.httpGet, { path: '/restate/health', port: 'ingress' })
  const keys = pod?.volumes?.find(({ secret }) => secret !== undefined)
  t.equal(keys?.secret?.defaultMode, 0o440)
  t.ok(container?.volumeMounts?.find(({ name }) => name === keys?.name)?.readOnly)
  const labels = find<Resource>('Namespace').metadata.labels
  t.equal(labels?.['pod-security.kubernetes.io/enforce'], 'restricted')
})

t.test('services and budget are for the pod, and lead out of the cluster nowhere', async (t) => {
  const { template, serviceName } = find<StatefulSet>('StatefulSet').spec ?? {}
  const labels = template?.metadata?.labels ?? {}
  const ports = new Map(template?.spec?.containers[0]?.ports?.map(({ name, containerPort }) => [name, containerPort]))
  for (const [name, port, listener] of [
    ['perdure', 8080, 'ingress'],
    ['perdure-admin', 9070, 'admin'],
    ['perdure-fabric', 5122, 'fabric'],
  ] as const) {
    const { spec } = find<Service>('Service', name)
    t.notOk(spec?.type, 'ClusterIP')
    t.notOk(spec?.externalIPs)
    t.ok(selects({ matchLabels: spec?.selector ?? {} }, labels))
    t.same(spec?.ports, [{ name: listener, port, targetPort: listener }])
    t.equal(ports.get(listener), port)
  }
  t.equal(find<Service>('Service', serviceName).spec?.clusterIP, 'None')
  const budget = find<PodDisruptionBudget>('PodDisruptionBudget').spec
  t.equal(budget?.maxUnavailable, 0)
  t.ok(selects(budget?.selector ?? {}, labels))
})

t.test('who may reach which port', async (t) => {
  const { spec } = find<NetworkPolicy>('NetworkPolicy')
  if (spec === undefined) throw new Error('there is no policy')
  const namespace = (name: string, labels = {}) => ({ 'kubernetes.io/metadata.name': name, ...labels })
  const own = namespace('perdure')
  const perdure = find<StatefulSet>('StatefulSet').spec?.template.metadata?.labels ?? {}
  t.ok(selects(spec.podSelector, perdure), 'it is about the pod')
  const prometheus = { 'app.kubernetes.io/name': 'prometheus' }
  const pod = (name: string, labels = {}, namespaceLabels = {}): Party => ({
    namespace: namespace(name, namespaceLabels),
    pod: labels,
  })
  const parties = {
    gateway: pod('gateway'),
    operator: pod('somewhere', {}, { 'perdure/ops': 'true' }),
    prometheus: pod('monitoring', prometheus),
    'another pod of monitoring': pod('monitoring'),
    'who calls himself prometheus': pod('default', prometheus),
    peer: pod('perdure', perdure),
    'who calls himself perdure': pod('default', perdure),
    'another pod of the namespace': pod('perdure'),
    service: pod('greeters', {}, { 'perdure/services': 'true' }),
    'the internet': { address: '203.0.113.7' },
    'a node': { address: '10.0.0.7' },
  } satisfies Record<string, Party>
  const tcp = (party: Party, port: number): Connection => ({ party, protocol: 'TCP', port })
  const who = (port: number) =>
    Object.entries(parties)
      .filter(([, party]) => admits(spec, own, tcp(party, port)))
      .map(([name]) => name)
  t.same(who(8080), ['gateway'])
  t.same(who(9070), ['operator'])
  t.same(who(5122), ['prometheus', 'peer'])
  for (const port of [1, 22, 443, 9080, 9229]) t.same(who(port), [])
  t.notOk(admits(spec, own, { party: parties.gateway, protocol: 'UDP', port: 8080 }))

  const to = (party: Party, port: number, protocol: 'TCP' | 'UDP' = 'TCP') => lets(spec, own, { party, protocol, port })
  const dns = pod('kube-system', { 'k8s-app': 'kube-dns' })
  t.ok(to(dns, 53, 'UDP') && to(dns, 53))
  t.notOk(to(pod('kube-system', {}), 53, 'UDP'))
  t.ok(to(parties.service, 9080))
  t.notOk(to(parties.service, 9081))
  t.notOk(to(parties.gateway, 9080))
  t.ok(to({ address: '203.0.113.7' }, 443))
  t.notOk(to({ address: '203.0.113.7' }, 80))
  for (const address of [
    '169.254.169.254',
    '169.254.170.23',
    '10.0.0.1',
    '100.64.0.1',
    '172.20.0.1',
    '192.168.1.1',
    'fd00:ec2::254',
  ])
    for (const port of [80, 443, 9080, 988]) t.notOk(to({ address }, port), `${address}:${port}`)
})

t.test('the chart makes the same, unless told otherwise', async (t) => {
  const rendered = templates.flatMap((name) => resourcesIn(renderTemplate(name, templateText(name), release)))
  const byName = (resources: readonly Resource[]) =>
    Object.fromEntries(resources.map((resource) => [`${resource.kind}/${resource.metadata.name}`, resource]))
  const [image] = parse(read('kustomization.yaml')).images
  const expected = JSON.parse(
    JSON.stringify(byName(plain)).replace('"image":"perdure"', `"image":"perdure:${image.newTag}"`),
  )
  t.same(byName(rendered), expected)
  const { version, appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.same([version, appVersion, image.newTag], [manifest.version, manifest.version, manifest.version])
  t.equal(values.image, `perdure:${manifest.version}`)

  const other: HelmData = {
    Release: { Name: 'two', Namespace: 'apps' },
    Values: { ...values, storage: '7Gi', network: { ...values.network, operators: { team: 'sre' } } },
  }
  const changed = templates.map((name) => renderTemplate(name, templateText(name), other)).join('---\n')
  const { status, stdout } = await typeCheck(t.testdir(), resourcesIn(changed))
  t.equal(status, 0, stdout)
  t.match(changed, 'storage: "7Gi"')
  t.match(changed, 'value: two-admin,two-admin.apps,two-admin.apps.svc,two-admin.apps.svc.cluster.local')
  t.match(changed, 'matchLabels: {"team":"sre"}')
  const names = resourcesIn(changed).map(({ metadata }) => metadata.name)
  t.same([...new Set(names)].sort(), ['two', 'two-admin', 'two-fabric'])
  const unused = [...leavesOf(values)].filter((path) => !templates.some((name) => templateText(name).includes(path)))
  t.same(unused, [], 'every value is used')
})

t.test('values that would open it to everybody, or that are misspelt, are refused', async (t) => {
  // Fastify has a validator of JSON schemas.
  const app = fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false, strict: false } } })
  t.teardown(() => app.close())
  app.post(
    '/',
    { schema: { body: JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) } },
    async () => '',
  )
  const statusOf = async (payload: object) => (await app.inject({ method: 'POST', url: '/', payload })).statusCode
  t.equal(await statusOf(values), 200)
  const { network } = values
  for (const [what, wrong] of [
    ['operators anywhere', { network: { ...network, operators: {} } }],
    ['operators that are nobody', { network: { ...network, operators: null } }],
    ['any collector', { network: { ...network, monitoring: { ...network.monitoring, pod: {} } } }],
    ['metadata services', { network: { ...network, neverTo: ['10.0.0.0/8'] } }],
    ['a port that is none', { network: { ...network, services: { ...network.services, port: 0 } } }],
    ['no rules for deployments', { egressAllow: '' }],
    ['a misspelt key', { egresAllow: 'x' }],
  ] as const) {
    t.equal(await statusOf({ ...values, ...wrong }), 400, what)
  }
})

/** Paths of the values as templates name them; where one is used as a whole, what is in it is. */
function* leavesOf(value: unknown, path = '.Values'): Generator<string> {
  const isTable = typeof value === 'object' && value !== null && !Array.isArray(value)
  const isNamed = isTable && Object.keys(value).every((key) => /^\w+$/.test(key)) && path !== '.Values.resources'
  if (!isNamed) yield path
  else for (const [key, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}.${key}`)
}

t.test('templates come out the same from the engine that Helm has, where Go is', async (t) => {
  const program = join(t.testdir(), 'helm-template')
  const args = ['build', '-o', program, join(import.meta.dirname, 'helm-template.go')]
  const built = spawnSync('go', args, { encoding: 'utf8' })
  if (built.error !== undefined) {
    t.match(built.error, { code: 'ENOENT' }, 'Go is not on this machine')
    return
  }
  t.equal(built.status, 0, built.stderr)
  for (const name of templates) {
    const input = JSON.stringify(release)
    const { status, stdout, stderr } = spawnSync(program, [join(chart, 'templates', name)], { input, encoding: 'utf8' })
    t.same([status, stdout], [0, renderTemplate(name, templateText(name), release)], stderr)
  }
})

t.test('kubectl makes one set of it, where it is', async (t) => {
  const directory = t.testdir()
  cpSync(recipes, directory, { recursive: true })
  mkdirSync(join(directory, 'keys'))
  for (const name of ['sealing-keys', 'identity.pem', 'admin-tokens'])
    writeFileSync(join(directory, 'keys', name), 'key')
  const { status, stdout, stderr, error } = spawnSync('kubectl', ['kustomize', directory], { encoding: 'utf8' })
  if (error !== undefined) {
    t.match(error, { code: 'ENOENT' }, 'kubectl is not on this machine')
    return
  }
  t.equal(status, 0, stderr)
  const resources = resourcesIn(stdout)
  t.equal(resources.length, all.length + 1)
  const secret = resources.find(({ kind }) => kind === 'Secret')
  t.match(JSON.stringify(resources), `"secretName":"${secret?.metadata.name}"`)
  t.match(secret?.metadata.name, /^perdure-keys-\w+$/)
})
