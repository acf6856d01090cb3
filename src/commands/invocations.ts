import { parseArgs } from 'node:util'
import { ConfigCommandLine } from '../errors/config.ts'
import { AdminClient, type Environment } from './admin-client.ts'

export const invocationsUsage = `Usage: perdure invocations restart <id> --from <index> [--deployment <choice>]

Runs a completed invocation again under a new id, and keeps the entries of its journal up to an index: what they have done is not
done again. Prints the new id. For all else, and to restart from the beginning, there is restate invocations.

      --from <index>
      The last entry that is kept, as restate invocations describe numbers them; 0 is the input.
      --deployment <choice>
      keep, latest, or the id of a deployment. [latest]
  -h, --help

RESTATE_ADMIN_URL says where the admin API is (http://127.0.0.1:9070, or unix:/path/to/admin.sock); RESTATE_AUTH_TOKEN is sent to it.
`

export interface InvocationsSurroundings {
  readonly env: Environment
  readonly write: (text: string) => void
}

/**
 * `perdure invocations …`, the arguments behind `invocations`. Rejects with `ConfigCommandLine` for arguments that cannot be
 * understood, and as `AdminClient` does.
 */
export async function invocationsCommand(
  argv: readonly string[],
  { env, write }: InvocationsSurroundings,
): Promise<void> {
  const { values, positionals } = parse(argv)
  if (values.help === true) {
    write(invocationsUsage)
    return
  }
  const [verb, id, ...more] = positionals
  const { from, deployment } = values
  if (verb !== 'restart' || id === undefined || more.length > 0 || from === undefined || !/^\d{1,10}$/.test(from)) {
    throw new ConfigCommandLine(
      'write perdure invocations restart <id> --from <index>; for all else there is restate invocations; --help tells more',
    )
  }
  const query = new URLSearchParams({ from, ...(deployment !== undefined && { deployment }) })
  const answer = await new AdminClient(env).ask(
    'PATCH',
    `/invocations/${encodeURIComponent(id)}/restart-as-new?${query}`,
  )
  const isObject = typeof answer === 'object' && answer !== null
  write(`${isObject && 'new_invocation_id' in answer ? String(answer.new_invocation_id) : ''}\n`)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { from: { type: 'string' }, deployment: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigCommandLine(`${reason}; perdure invocations --help tells more`, { cause: error })
  }
}
