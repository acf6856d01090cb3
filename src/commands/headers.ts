import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load-config.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { createCallerAuth } from '../ingress/auth/caller-auth.ts'
import { explainHeader } from '../ingress/explain-header.ts'
import { ServiceHeaderPolicies } from '../ingress/service-header-policies.ts'
import { DefaultEgressPolicy } from '../invoker/egress/default-egress-policy.ts'
import { createLogger } from '../telemetry/logger.ts'

export const headersUsage = `Usage: perdure headers --explain 'Name: value' [--explain …] [--config-file <path>]

Says what would become of a header of a call: whether handlers would see it and the journal would keep it, and why. Values
are never shown. Lists of services and handlers are not looked at; GET /services/{service} at admin shows them.

      --explain <header>
      The header, with or without a value.
  -c, --config-file <path>
      The configuration of the server. [RESTATE_CONFIG]
  -h, --help
`

export interface HeadersSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly write: (text: string) => void
}

/**
 * `perdure headers …`, the arguments behind `headers`. Rejects with `ConfigCommandLine` for arguments that cannot be understood,
 * and as `loadConfig` and the start of ingress do.
 */
export async function headersCommand(argv: readonly string[], surroundings: HeadersSurroundings): Promise<void> {
  const { env, cwd, write } = surroundings
  const { values } = parse(argv)
  if (values.help === true) {
    write(headersUsage)
    return
  }
  if (values.explain === undefined) throw new ConfigCommandLine("write perdure headers --explain 'Name: value'")
  const file = values['config-file']
  const loaded = loadConfig({ argv: file === undefined ? [] : ['--config-file', file], env, cwd })
  if (!('config' in loaded)) throw new Error('invariant: without flags there is a configuration')
  const { ingress } = loaded.config
  const auth = await createCallerAuth(ingress.auth, {
    dialer: { egress: new DefaultEgressPolicy({ rules: loaded.config.egress }) },
    now: Date.now,
    log: createLogger(loaded.config),
  })
  try {
    const policies = new ServiceHeaderPolicies(ingress, {
      credentialHeaders: auth?.credentialHeaders ?? [],
      subjectHeader: ingress.auth.subjectHeader,
    })
    for (const header of values.explain) {
      const explanation = explainHeader(policies.base, header)
      if (explanation === undefined)
        throw new ConfigCommandLine("what --explain is given is no header: write 'Name: value'")
      write(explanation)
    }
  } finally {
    await auth?.[Symbol.asyncDispose]()
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        explain: { type: 'string', multiple: true },
        'config-file': { type: 'string', short: 'c' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    // The text of the error may hold an argument, and with it a value; its code does not.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new ConfigCommandLine(`the arguments cannot be understood (${code}); perdure headers --help tells more`)
  }
}
