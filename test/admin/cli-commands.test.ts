import t from 'tap'
import { useOwnNetwork } from '../differential/own-network.ts'
import { ensurePeer, runCli } from '../peer/peer.ts'
import { type CliSide, type Said, startCliSides } from './cli-sides.ts'

/**
 * Each command of the official CLI that talks to admin, on the official server and on ours over TCP and over the Unix socket:
 * the same exit code, and the same words but for ids, times and addresses.
 */
t.setTimeout(600_000)
await ensurePeer()
useOwnNetwork()

interface Step {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What the command leads to, in the end. */
  readonly until?: readonly [sql: string, rows: number]
  /** Only words of these are compared: for outputs that tell one of several alike, or more when more time has passed. */
  readonly only?: RegExp
  /** Ours does something else: words that it says. */
  readonly ours?: { readonly code: number; readonly stderr: readonly string[] }
}

const unknownDeployment = 'dp_10i80EXW1SyTzUmNzJtxIwX'
const unknownInvocation = 'inv_1kSkFdNxLIek29DgA04RwnUQtCASHMNiix'
const unknownVqueue = 'vq_1jJOFEtKQPi10WSIdMP098D0xNRB5RiA9I'
const unknownSubscription = 'sub_156GVQn7V04bZ0uKl5YXsVX'

// Headings and states; the notes beside a key depend on how long it has been so.
const STATES = /^(?:[A-Z-]{5,}|pending|suspended|backing-off|running|scheduled|\d+)$/
const FACTS =
  /^(?:<?(?:Greeter|Counter|Signup)\/.*|<?Greeter|\[OK\]:|Cancelled|Killed|active|pending|suspended|backing-off|running|scheduled|paused|completed|success|failure|\[?\d+\]?.*|<awakeable>|.*>.*)$/i

const status = (target: string, is: string): readonly [string, number] => [
  `SELECT id FROM sys_invocation WHERE id = '<${target}>' AND status = '${is}'`,
  1,
]
const state = (condition: string, rows = 1): readonly [string, number] => [
  `SELECT key FROM state WHERE service_name = 'Counter' AND service_key = 'bob' AND ${condition}`,
  rows,
]

async function steps(editor: (sed: string) => Promise<string>): Promise<readonly Step[]> {
  const list = (...filters: string[]): Step => ({ command: ['invocations', 'list', ...filters], only: FACTS })
  const invocations = (operation: string, query: string, more: Partial<Step> = {}): Step => ({
    command: ['invocations', operation, query, '--yes'],
    ...more,
  })
  return [
    { command: ['whoami'], only: /healthy|^\[OK\]|^Service$/ },
    { command: ['whoami'], env: { RESTATE_AUTH_TOKEN: 'tok123' }, only: /healthy|^\[OK\]|set/ },

    { command: ['services', 'list'] },
    { command: ['services', 'list', '--extra'] },
    { command: ['services', 'list', '--public-only'] },
    { command: ['services', 'describe', 'Counter'] },
    { command: ['services', 'describe', 'Nope'] },
    { command: ['services', 'status'], only: STATES },
    { command: ['services', 'status', 'Counter'], only: STATES },
    { command: ['services', 'config', 'view', 'Signup'] },
    { command: ['services', 'config', 'view', 'Counter'] },
    {
      command: [
        ...['services', 'config', 'patch', 'Counter', '--public', 'false', '--idempotency-retention', '2h'],
        ...['--journal-retention', '3 days', '--inactivity-timeout', '30s', '--abort-timeout', 'PT5M', '--yes'],
      ],
    },
    { command: ['services', 'config', 'patch', 'Counter', '--workflow-completion-retention', '5days', '--yes'] },
    { command: ['services', 'config', 'patch', 'Signup', '--workflow-completion-retention', '5days', '--yes'] },
    { command: ['services', 'config', 'patch', 'Counter', '--yes'] },
    {
      command: ['services', 'config', 'edit', 'Counter', '--yes'],
      env: { RESTATE_EDITOR: await editor('s/^#* *public *=.*/public = true/') },
    },
    { command: ['services', 'config', 'view', 'Counter'] },

    { command: ['deployments', 'list'] },
    { command: ['deployments', 'list', '--extra'] },
    { command: ['deployments', 'describe', '<deployment>'] },
    { command: ['deployments', 'describe', '<deployment>', '--extra'] },
    { command: ['deployments', 'describe', unknownDeployment] },
    { command: ['deployments', 'describe', 'foo'] },
    { command: ['deployments', 'register', '<service>', '--yes'] },
    { command: ['deployments', 'register', 'http://127.0.0.1:1', '--yes'], only: /^META|^Error:|^500$/ },
    { command: ['deployments', 'remove', '<deployment>', '--yes'] },
    { command: ['deployments', 'remove', unknownDeployment, '--yes'] },

    list(),
    list('--all'),
    list('--all', '--limit', '3'),
    list('--all', '--oldest-first', '--limit', '2', '--time-format', 'iso8601', '--table-style', 'borders', '-v'),
    list('--service', 'Counter'),
    list('--service', 'Greeter,Counter', '--handler', 'add,hold', '--key', 'bob', '--status', 'pending,suspended'),
    list('--deployment', '<deployment>'),
    list('--virtual-objects-only'),
    list('--completion-result', 'failure'),
    list('--completion-result', 'success', '--service', 'Signup'),
    list('--status', 'backing-off'),
    list('--zombie'),
    ...['tour', 'stuck', 'greet', 'fail', 'wait'].map(
      (handler): Step => ({ command: ['invocations', 'describe', `<Greeter/${handler}>`], only: FACTS }),
    ),
    { command: ['invocations', 'describe', '<Counter/bob/hold>'], only: FACTS },
    { command: ['invocations', 'describe', unknownInvocation] },
    { command: ['invocations', 'describe', 'foo'], only: /^Error:/ },

    invocations('cancel', '<Greeter/wait>', { until: status('Greeter/wait', 'completed') }),
    invocations('cancel', 'Nope'),
    invocations('pause', '<Greeter/stuck>', { until: status('Greeter/stuck', 'paused') }),
    list('--status', 'paused'),
    invocations('resume', '<Greeter/stuck>', { until: status('Greeter/stuck', 'backing-off') }),
    invocations('pause', 'Greeter/stuck', { until: status('Greeter/stuck', 'paused') }),
    {
      command: ['invocations', 'resume', '<Greeter/stuck>', '--deployment', unknownDeployment, '--yes'],
      only: FACTS,
    },
    {
      command: ['invocations', 'resume', '<Greeter/stuck>', '--deployment', 'latest', '--yes'],
      until: status('Greeter/stuck', 'backing-off'),
    },
    invocations('kill', 'Counter/bob/hold', { until: status('Counter/bob/add 2', 'completed') }),
    invocations('kill', '<Greeter/busy>', { until: status('Greeter/busy', 'completed') }),
    invocations('restart-as-new', '<Greeter/greet>', {
      until: [`SELECT id FROM sys_invocation WHERE restarted_from = '<Greeter/greet>' AND status = 'completed'`, 1],
    }),
    invocations('restart-as-new', 'Signup/u2/run'),
    invocations('restart-as-new', 'Counter/alice/add', {
      until: [`SELECT id FROM sys_invocation WHERE restarted_from IS NOT NULL AND status = 'completed'`, 2],
    }),
    invocations('purge', '<Greeter/fail>', { until: [`SELECT id FROM sys_invocation WHERE id = '<Greeter/fail>'`, 0] }),
    invocations('purge', 'Signup/u3'),
    invocations('purge', unknownInvocation),
    invocations('cancel', 'Signup/u1', { until: status('Signup/u1/run', 'completed') }),
    // A pause here ends the count of attempts, which the official server goes on with.
    { ...list('--all'), only: /^(?!\d+$)(?:.*>|[a-z-]+ed|pending|running|backing-off|success|failure)$/ },

    { command: ['state', 'get', 'Counter', 'bob'] },
    { command: ['state', 'get', 'Counter', 'bob', '--plain'] },
    { command: ['state', 'get', 'Counter', 'bob', '--plain', '--binary'] },
    { command: ['state', 'get', 'Counter', 'nobody'] },
    { command: ['state', 'get', 'Greeter', 'x'] },
    { command: ['state', 'get', 'Nope', 'x'] },
    {
      command: [
        ...['state', 'patch', 'Counter', 'bob', '--yes', '--patch'],
        '[{"op":"replace","path":"/note","value":"new"}]',
      ],
      until: state(`value_utf8 = '"new"'`),
    },
    {
      command: [
        ...['state', 'patch', 'Counter', 'bob', '--yes', '--force', '--patch'],
        '[{"op":"add","path":"/more","value":{"x":[1,2]}}]',
      ],
      until: state(`key = 'more'`),
    },
    {
      command: ['state', 'edit', 'Counter', 'bob', '--yes'],
      env: { RESTATE_EDITOR: await editor('s/"new"/"edited"/') },
      until: state(`value_utf8 = '"edited"'`),
    },
    {
      // "count" is 5, in base64.
      command: ['state', 'edit', 'Counter', 'bob', '--binary', '--yes'],
      env: { RESTATE_EDITOR: await editor('s/"NQ=*"/"Ng=="/') },
    },
    { command: ['state', 'get', 'Counter', 'bob'] },
    { command: ['state', 'clear', 'Counter/none', '--yes'] },
    { command: ['state', 'clear', 'Counter/carl', '--yes'] },
    { command: ['state', 'clear', 'Counter', '--force', '--yes'], until: state('true', 0) },

    { command: ['sql', 'SELECT target, status FROM sys_invocation ORDER BY target, status'] },
    { command: ['sql', '--json', `SELECT name, ty FROM sys_service ORDER BY name`] },
    { command: ['sql', '--jsonl', 'SELECT name, ty, revision, public FROM sys_service ORDER BY name'] },
    { command: ['sql', 'SELECT id FROM sys_invocation WHERE 1=0'] },
    { command: ['sql', 'SHOW TABLES'] },
    { command: ['sql', 'SELEC x'], only: /^Error:/ },
    { command: ['sql', 'SELECT nope FROM sys_service'], only: /^Error:/ },
    { command: ['sql', 'SELECT * FROM nope'], only: /^Error:/ },
    { command: ['sql', 'INSERT INTO sys_service VALUES (1)'], only: /^Error:/ },

    { command: ['kafka-clusters', 'list'] },
    { command: ['kafka-clusters', 'describe', 'my-kafka'] },
    { command: ['kafka-clusters', 'patch', 'my-kafka', '--set', 'client.id=abc', '--yes'] },
    {
      command: ['kafka-clusters', 'edit', 'my-kafka', '--yes'],
      env: { RESTATE_EDITOR: await editor('s/a/b/') },
    },
    { command: ['kafka-clusters', 'delete', 'my-kafka', '--yes'] },
    { command: ['--yes', 'kafka-clusters', 'create', 'bad', 'x=y'] },
    { command: ['subscriptions', 'list'] },
    { command: ['subscriptions', 'list', '--source', 'kafka://k/t', '--sink', 'service://Counter/add'] },
    { command: ['--yes', 'subscriptions', 'create', 'kafka://nope/topic1', 'service://Counter/add'] },
    { command: ['subscriptions', 'describe', unknownSubscription] },
    { command: ['subscriptions', 'delete', unknownSubscription, '--yes'] },
    { command: ['rules', 'list'] },
    { command: ['rules', 'list', '-x'] },
    { command: ['rules', 'delete', 'zzz', '--yes'] },
    { command: ['rules', 'enable', 'zzz'] },
    { command: ['rules', 'disable', 'zzz'] },
    { command: ['rules', 'set', 'a b', '--concurrency', '5'] },
    { command: ['vqueues', 'list'] },
    { command: ['vqueues', 'describe', unknownVqueue] },
    { command: ['vqueues', 'pause', unknownVqueue, '--yes'] },
    { command: ['vqueues', 'resume', unknownVqueue, '--yes'] },
    // What is not there on ours.
    {
      command: ['--yes', 'kafka-clusters', 'create', 'my-kafka', 'bootstrap.servers=127.0.0.1:1'],
      ours: { code: 1, stderr: ['501', 'perdure', 'Kafka.'] },
    },
    {
      command: ['rules', 'set', 'zzz', '--concurrency', '5'],
      ours: { code: 1, stderr: ['501', 'perdure', 'rules.'] },
    },

    { command: ['deployments', 'register', '<service>', '--force', '--yes'] },
    { command: ['deployments', 'remove', '<deployment>', '--force', '--yes'] },
    { command: ['services', 'list'] },
    { command: ['deployments', 'list'] },
  ]
}

async function run(side: CliSide, { command, env, until }: Step): Promise<Said> {
  const said = await side.run(command, env)
  if (until !== undefined) await side.until(...until)
  return said
}

const compared = (words: readonly string[], { only }: Step) =>
  words.filter((word) => only === undefined || only.test(word))

t.test('every command', async (t) => {
  await using all = await startCliSides()
  for (const step of await steps((sed) => all.editor(sed))) {
    const command = step.command.join(' ')
    const [official, ...ours] = await Promise.all(all.sides.map((side) => run(side, step)))
    if (official === undefined) throw new Error('no official server')
    for (const [index, said] of ours.entries()) {
      const name = `${command}, ${all.sides[index + 1]?.name}`
      if (step.ours !== undefined) {
        t.equal(said.code, step.ours.code, name)
        for (const word of step.ours.stderr) t.ok(said.stderr.includes(word), `${name}: ${word}`)
        continue
      }
      t.equal(said.code, official.code, name)
      t.strictSame(compared(said.stdout, step), compared(official.stdout, step), `${name}: stdout`)
      t.strictSame(compared(said.stderr, step), compared(official.stderr, step), `${name}: stderr`)
    }
  }

  for (const { name, admin } of all.sides) {
    const config = await all.file(`[there]\nenvironment_type = "default"\nadmin_base_url = "${admin}"\n`)
    const { code, stdout } = await runCli(['-e', 'there', 'whoami'], { RESTATE_CLI_CONFIG: config })
    t.equal(code, 0)
    t.match(stdout, /Environment +there[\s\S]*\[OK\]: Admin Service/, `an environment of config.toml, ${name}`)
  }
})
