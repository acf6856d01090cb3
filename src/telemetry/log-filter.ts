import { LogFilterInvalid } from '../errors/telemetry.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'

const levels: ReadonlyMap<string, LogLevel> = new Map([
  ['trace', 'trace'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['off', 'silent'],
])

/** Targets that mean this server, the one that decides first. */
const ownTargets = ['perdure', 'restate'] as const

/**
 * The level that a filter gives to this server. The grammar is that of Restate's `log-filter`
 * (`warn,restate=info`): comma-separated `level`, `target`, `target=level` or `target[span]=level`. A directive for
 * `perdure` wins over one for `restate`, which wins over the bare level; other targets are not ours and do not count.
 *
 * @throws LogFilterInvalid naming the directive that cannot be read
 */
export function parseLogFilter(filter: string): LogLevel {
  let bare: LogLevel = 'error'
  const byTarget = new Map<string, LogLevel>()
  for (const part of filter.split(',')) {
    const directive = part.trim()
    if (directive === '') continue
    const bareLevel = levels.get(directive.toLowerCase())
    if (bareLevel !== undefined) {
      bare = bareLevel
      continue
    }
    const match = /^([\w:.-]+)(?:\[[^\]]*\])?(?:=(\w+))?$/.exec(directive)
    const target = match?.[1]
    const level = match?.[2] === undefined ? 'trace' : levels.get(match[2].toLowerCase())
    if (target === undefined || level === undefined) {
      throw new LogFilterInvalid(
        `log-filter: cannot read the directive "${directive}"; write a level (${[...levels.keys()].join(', ')}) or target=level, for example "warn,restate=info"`,
      )
    }
    // A directive for one span of a target says nothing about the target as a whole.
    if (!directive.includes('[')) byTarget.set(target, level)
  }
  for (const target of ownTargets) {
    const level = byTarget.get(target)
    if (level !== undefined) return level
  }
  return bare
}
