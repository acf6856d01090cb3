import t from 'tap'
import type { DeploymentRecord, ServiceType } from '../../src/core/deployment.ts'
import type { Header } from '../../src/core/journal.ts'
import { Schema } from '../../src/core/schema.ts'
import { ServiceTypeChanged } from '../../src/errors/registry.ts'
import type { DiscoveredService } from '../../src/registry/build-services.ts'
import { replaceServices, revise } from '../../src/registry/revise.ts'
import { deploymentId } from './deployment-id.ts'

interface Known {
  readonly id: string
  readonly uri: string
  readonly createdAt?: number
  readonly headers?: readonly Header[]
  /** name → revision */
  readonly services: Readonly<Record<string, number>>
}

function schemaOf(...known: Known[]): Schema {
  const schema = new Schema()
  for (const each of known) schema.put(record(each))
  return schema
}

function record({ id, uri, createdAt = 1, headers = [], services }: Known): DeploymentRecord {
  return {
    id: deploymentId(id),
    uri,
    protocolMode: 'BIDI_STREAM',
    httpVersion: 'HTTP/2.0',
    additionalHeaders: headers,
    metadata: {},
    createdAt,
    minProtocolVersion: 5,
    maxProtocolVersion: 7,
    services: Object.entries(services).map(([name, revision]) => ({ ...service(name), revision })),
  }
}

function service(name: string, type: ServiceType = 'Service'): DiscoveredService {
  return { name, type, public: true, handlers: [] }
}

interface Row {
  readonly what: string
  readonly known: readonly Known[]
  readonly uri: string
  readonly headers?: readonly Header[]
  readonly rules?: { force?: boolean; breaking?: boolean; routingHeaders?: string[] }
  readonly found: readonly string[]
  readonly kind: 'new' | 'unchanged' | 'overwritten'
  readonly existing?: string
  readonly revisions?: Readonly<Record<string, number>>
}

const one: Known = { id: 'one', uri: 'http://h:1/', services: { Greeter: 1 } }

const rows: readonly Row[] = [
  { what: 'first', known: [], uri: 'http://h:1/', found: ['Greeter'], kind: 'new', revisions: { Greeter: 1 } },
  {
    what: 'other address: next revision, 1 for services that are new',
    known: [one],
    uri: 'http://h:2/',
    found: ['Greeter', 'Counter'],
    kind: 'new',
    revisions: { Greeter: 2, Counter: 1 },
  },
  { what: 'same address', known: [one], uri: 'http://h:1/', found: ['Greeter'], kind: 'unchanged', existing: 'one' },
  {
    what: 'scheme, query and letter case do not count',
    known: [one],
    uri: 'https://H:1/?x=1',
    found: [],
    kind: 'unchanged',
    existing: 'one',
  },
  { what: 'the path counts', known: [one], uri: 'http://h:1/v2/', found: ['Greeter'], kind: 'new' },
  {
    what: 'force overwrites; missing services go, the others get the next revision',
    known: [{ ...one, services: { Greeter: 3, Gone: 1 } }],
    uri: 'http://h:1/',
    rules: { force: true },
    found: ['Greeter', 'Added'],
    kind: 'overwritten',
    existing: 'one',
    revisions: { Greeter: 4, Added: 1 },
  },
  {
    what: 'force makes an old deployment the newest again',
    known: [one, { id: 'two', uri: 'http://h:2/', services: { Greeter: 2 } }],
    uri: 'http://h:1/',
    rules: { force: true },
    found: ['Greeter'],
    kind: 'overwritten',
    existing: 'one',
    revisions: { Greeter: 3 },
  },
  {
    what: 'breaking alone does not overwrite',
    known: [one],
    uri: 'http://h:1/',
    rules: { breaking: true },
    found: [],
    kind: 'unchanged',
  },
  {
    what: 'of several at one address the newest',
    known: [
      { ...one, createdAt: 5 },
      { ...one, id: 'late', createdAt: 9 },
      { ...one, id: 'mid', createdAt: 7 },
    ],
    uri: 'http://h:1/',
    rules: { force: true },
    found: ['Greeter'],
    kind: 'overwritten',
    existing: 'late',
  },
  {
    what: 'another value of a routing header is another deployment',
    known: [{ ...one, headers: [['x-version', 'a']] }],
    uri: 'http://h:1/',
    headers: [['x-version', 'b']],
    rules: { routingHeaders: ['x-version'] },
    found: ['Greeter'],
    kind: 'new',
  },
  {
    what: 'other headers do not count',
    known: [
      {
        ...one,
        headers: [
          ['x-version', 'a'],
          ['x-key', '1'],
        ],
      },
    ],
    uri: 'http://h:1/',
    headers: [
      ['x-version', 'a'],
      ['x-key', '2'],
    ],
    rules: { routingHeaders: ['x-version'] },
    found: ['Greeter'],
    kind: 'unchanged',
    existing: 'one',
  },
]

for (const row of rows) {
  t.test(row.what, async (t) => {
    const rules = { force: false, breaking: false, routingHeaders: [], ...row.rules }
    const address = { url: new URL(row.uri), headers: row.headers ?? [] }
    const found = row.found.map((name) => service(name))
    const revision = revise(schemaOf(...row.known), address, found, rules)
    t.equal(revision.kind, row.kind)
    if (row.existing !== undefined && revision.kind !== 'new') t.equal(revision.existing.id, row.existing)
    if (row.revisions !== undefined && revision.kind !== 'unchanged') {
      t.same(Object.fromEntries(revision.services.map((each) => [each.name, each.revision])), row.revisions)
    }
  })
}

t.test('a service keeps its type', async (t) => {
  const schema = schemaOf(one)
  const address = { url: new URL('http://h:2/'), headers: [] }
  const found = [service('Greeter', 'VirtualObject')]
  const rules = { force: false, breaking: false, routingHeaders: [] }
  t.throws(() => revise(schema, address, found, rules), {
    code: ServiceTypeChanged.definition.code,
    status: 409,
    restateCode: 'META0006',
    message: /'Greeter' is registered as Service and would become VirtualObject/,
  })
  for (const loosened of [{ force: true }, { breaking: true }]) {
    t.match(revise(schema, address, found, { ...rules, ...loosened }), {
      kind: 'new',
      services: [{ name: 'Greeter', type: 'VirtualObject', revision: 2 }],
    })
  }
})

t.test('an update keeps the revisions of a deployment', async (t) => {
  const two: Known = { id: 'two', uri: 'http://h:2/', services: { Greeter: 2, Counter: 4 } }
  const schema = schemaOf(one, two)
  const services = replaceServices(schema, record(one), [service('Greeter'), service('Counter'), service('Added')])
  t.same(
    services.map(({ name, revision }) => [name, revision]),
    [
      ['Greeter', 1],
      ['Counter', 5],
      ['Added', 1],
    ],
  )
  t.throws(() => replaceServices(schema, record(one), [service('Greeter', 'Workflow')]), {
    code: ServiceTypeChanged.definition.code,
  })
})
