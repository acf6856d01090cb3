import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startOfficialServer } from '../differential/official-server.ts'
import { register, startServerProcess, startServiceProcess } from '../harness/server-process.ts'
import { runCli } from '../peer/peer.ts'
import { fill, sideOf, until } from '../query/both-servers.ts'

/** What a command of the official CLI did on one server. */
export interface Said {
  readonly code: number
  /** What it wrote, with ids, times and addresses alike, each word once: tables have no order of their own. */
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
}

export type SideName = 'official' | 'ours over tcp' | 'ours over unix'

/** A server with the same invocations and state as the others, and the official CLI to use it with. */
export interface CliSide {
  readonly name: SideName
  /** As `RESTATE_ADMIN_URL` takes it. */
  readonly admin: string
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Said>
  /** Waits until a query has so many rows. */
  until(sql: string, rows: number): Promise<void>
}

export interface CliSides extends AsyncDisposable {
  readonly sides: readonly CliSide[]
  /** An editor for the CLI, which runs this `sed` command on the file that it is given. */
  editor(sed: string): Promise<string>
  /** A file with this content. */
  file(content: string): Promise<string>
}

/** The official server, which the CLI reaches over TCP, and two of ours: one over TCP, one over its Unix socket. */
export async function startCliSides(): Promise<CliSides> {
  await using started = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'perdure-cli-'))
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const service = await startServiceProcess(join(import.meta.dirname, '../query/service.ts'))
  started.defer(() => service.stop())
  const names: readonly SideName[] = ['official', 'ours over tcp', 'ours over unix']
  const sides = await Promise.all(
    names.map(async (name): Promise<CliSide> => {
      const baseDir = await mkdtemp(join(directory, 's-'))
      const server =
        name === 'official'
          ? await startOfficialServer(baseDir, 'alike')
          : await startServerProcess(baseDir, { RESTATE_LISTEN_MODE: 'all', RESTATE_CLUSTER_NAME: 'alike' })
      started.defer(() => server.stop())
      await register(server.admin, service.uri)
      await fill(server.ingress, server.admin)
      const { alike, id, rawRows } = await sideOf(server.admin, service.uri)
      const [deployment] = await rawRows('SELECT id FROM sys_deployment')
      const socket = join(baseDir, 'test', 'admin.sock')
      const url = name === 'ours over unix' ? `unix:${socket}` : server.admin
      const names = new Map([
        ['admin', url],
        ['deployment', String(deployment?.id)],
        ['service', service.uri],
      ])
      const concrete = (text: string) => text.replaceAll(/<([^>]+)>/g, (_, word: string) => names.get(word) ?? id(word))
      const addresses = [url, `unix:${socket}`, socket, server.admin, server.ingress, 'http://localhost']
      const words = (text: string) =>
        wordsOf(addresses.reduce((shown, address) => shown.replaceAll(address, '<address>'), alike(text)))
      return {
        name,
        admin: url,
        async run(args, env = {}) {
          const result = await runCli(args.map(concrete), { RESTATE_ADMIN_URL: url, ...env })
          return { code: result.code, stdout: words(result.stdout), stderr: words(result.stderr) }
        },
        until: (sql, rows) => until(server.admin, concrete(sql), rows),
      }
    }),
  )
  const write = async (content: string) => {
    const file = join(await mkdtemp(join(directory, 'f-')), 'file')
    await writeFile(file, content)
    return file
  }
  const running = started.move()
  return {
    sides,
    async editor(sed) {
      const file = await write(`#!/bin/sh\nsed -i '${sed}' "$1"\n`)
      await chmod(file, 0o755)
      return file
    },
    file: write,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const UNIT = '(?:ns|µs|ms|milliseconds?|seconds?|minutes?|hours?|days?|h|m|s)'

function wordsOf(text: string): string[] {
  const plain = text
    // The colours of some prompts come whatever NO_COLOR says.
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character
    .replaceAll(/\u001b\[\d*m/g, '')
    .replaceAll(/<address>\/?/g, '<address>')
    .replaceAll(/<inv_\w+>/g, '<invocation>')
    .replaceAll(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \d+ \w{3} \d{4} \d\d:\d\d:\d\d \+00:00/g, '')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?UTC|Z| ?\+00:00)?/g, '')
    .replaceAll(
      new RegExp(`\\b\\d+(?:\\.\\d+)? ?${UNIT}\\b(?:(?:,| and)? \\d+(?:\\.\\d+)? ?${UNIT}\\b)*`, 'g'),
      '<span>',
    )
    .replaceAll(/\(?<span>(?: ago)?\)?/g, '')
  return [...new Set(plain.split(/[\s,[\]]+/).filter((word) => word !== '' && !/^[─-╿―-]+$/.test(word)))].toSorted()
}
