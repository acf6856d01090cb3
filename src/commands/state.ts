import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { CommandStateLine } from '../errors/command.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { AdminClient, type Environment } from './admin-client.ts'
import { exportState } from './state-export.ts'
import { parseStateLine } from './state-lines.ts'

export const stateUsage = `Usage: perdure state export <service> [key]
       perdure state import <service> [file]

Writes the state of a virtual object or a workflow to standard output, a line of JSON for each key, with values in base64; and
sends such lines, from a file or from standard input, to a service. Each line replaces all that its key has. What runs
meanwhile goes on: the state of one key is one moment's, that of several keys is not.

  -h, --help

RESTATE_ADMIN_URL says where the admin API is (http://127.0.0.1:9070, or unix:/path/to/admin.sock); RESTATE_AUTH_TOKEN is sent to it.
`

export interface StateSurroundings {
  readonly env: Environment
  readonly stdin: NodeJS.ReadableStream
  /** Resolves when more may be written. */
  readonly write: (text: string) => Promise<void>
}

/**
 * `perdure state …`, the arguments behind `state`. Rejects with `ConfigCommandLine` for arguments that cannot be understood,
 * with `CommandStateLine`, and as `AdminClient` does.
 */
export async function stateCommand(argv: readonly string[], { env, stdin, write }: StateSurroundings): Promise<void> {
  const { values, positionals } = parse(argv)
  if (values.help === true) {
    await write(stateUsage)
    return
  }
  const [verb, service, rest, ...more] = positionals
  if (service === undefined || more.length > 0 || (verb !== 'export' && verb !== 'import')) {
    throw new ConfigCommandLine(
      'write perdure state export <service> [key], or import <service> [file]; for all else there is restate state; --help tells more',
    )
  }
  const admin = new AdminClient(env)
  if (verb === 'export') await exportState(admin, service, rest, write)
  else if (rest === undefined || rest === '-') await importState(admin, service, stdin)
  else await importState(admin, service, await opened(rest))
}

async function opened(file: string): Promise<NodeJS.ReadableStream> {
  try {
    return (await open(file)).createReadStream()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new ConfigCommandLine(`${file} cannot be read (${code})`, { cause: error })
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConfigCommandLine(`${reason}; perdure state --help tells more`, { cause: error })
  }
}

/** What the admin API takes. */
const MAX_BODY_BYTES = 2 * 1024 * 1024

async function importState(admin: AdminClient, service: string, lines: NodeJS.ReadableStream): Promise<void> {
  const path = `/services/${encodeURIComponent(service)}/state`
  let number = 0
  for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    if (line.trim() === '') continue
    const { key, state } = parseStateLine(line, number)
    const newState = Object.fromEntries([...state].map(([name, value]) => [name, bytesForJson(value)]))
    const body = { object_key: key, new_state: newState }
    if (JSON.stringify(body).length > MAX_BODY_BYTES) {
      throw new CommandStateLine(`line ${number}: more state than the admin API takes in one request`)
    }
    await admin.ask('POST', path, body)
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text stands for its UTF-8 bytes and takes a fraction of the room; other bytes are numbers. */
function bytesForJson(value: Buffer): string | number[] {
  try {
    return strictUtf8.decode(value)
  } catch {
    return [...value]
  }
}
