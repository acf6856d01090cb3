import { parseArgs } from 'node:util'
import type { ServerName } from './programs.ts'
import { type Scenario, scenarios } from './scenarios.ts'

export interface Options {
  readonly rounds: number
  readonly seconds: number
  readonly scenarios: readonly Scenario[]
  readonly connections: readonly number[]
  readonly servers: readonly ServerName[]
  /** Another build of ours than dist/main.js. */
  readonly main: string | undefined
  readonly out: string | undefined
  /** Retained invocations to measure with; `undefined`: the comparison of servers. */
  readonly growth: number | undefined
}

export const usage = `usage: npm run bench -- [options]

  --scenarios LIST     of ${scenarios.map(({ name }) => name).join(',')}; all by default
  --connections LIST   1,32,128 by default
  --rounds N           3 by default; servers alternate, figures are medians
  --seconds N          of load per figure, 4 by default
  --servers LIST       official,perdure by default; with --growth perdure
  --main FILE          another build of ours than dist/main.js
  --out FILE           writes every figure as JSON
  --growth [N]         instead: time per plain call with N (100000) retained invocations against an empty store
`

/** Reads the command line; `undefined` asks for the usage. Throws what is wrong with it. */
export function readOptions(argv: readonly string[]): Options | undefined {
  // --growth stands alone or takes a number, which parseArgs has no word for.
  const args = argv.flatMap((arg, index) => {
    if (arg !== '--growth') return [arg]
    return /^\d+$/.test(argv[index + 1] ?? '') ? [arg] : [arg, '100000']
  })
  const { values } = parseArgs({
    args,
    options: {
      scenarios: { type: 'string' },
      connections: { type: 'string', default: '1,32,128' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      servers: { type: 'string' },
      main: { type: 'string' },
      out: { type: 'string' },
      growth: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const all = scenarios.map(({ name }) => name)
  const names = oneOf('--scenarios', all, values.scenarios ?? all.join(','))
  return {
    rounds: wholeNumber('--rounds', values.rounds, 100),
    seconds: wholeNumber('--seconds', values.seconds, 600),
    scenarios: scenarios.filter(({ name }) => names.includes(name)),
    connections: values.connections.split(',').map((count) => wholeNumber('--connections', count, 10_000)),
    servers: oneOf(
      '--servers',
      ['official', 'perdure'],
      values.servers ?? (values.growth === undefined ? 'official,perdure' : 'perdure'),
    ),
    main: values.main,
    out: values.out,
    growth: values.growth === undefined ? undefined : wholeNumber('--growth', values.growth, 100_000_000),
  }
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw new Error(`${option} takes whole numbers from 1 to ${max}, not "${text}"`)
  return value
}

function oneOf<T extends string>(option: string, known: readonly T[], list: string): T[] {
  return list.split(',').map((text) => {
    const found = known.find((name) => name === text)
    if (found === undefined) throw new Error(`${option} takes ${known.join(', ')}, not "${text}"`)
    return found
  })
}
