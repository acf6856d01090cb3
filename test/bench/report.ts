import type { ServerName } from './programs.ts'
import { type Comparison, type Figure, figures, type Row } from './summary.ts'

const headings: Readonly<Record<Figure, string>> = {
  perSecond: 'calls/s',
  p50Ms: 'p50 ms',
  p99Ms: 'p99 ms',
  cpuUsPerCall: 'CPU µs/call',
  residentMiB: 'memory MiB',
}

const marks = { none: ' ', met: '+', missed: '-', fault: '!' } as const

/** The results as a table: each figure as official, Perdure, ratio, and whether its target is met. */
export function table(rows: readonly Row[], servers: readonly ServerName[]): string {
  const lines = rows.map(({ scenario, connections, figures: compared, serviceCpuUsPerCall }) => [
    scenario.title,
    String(connections),
    ...figures.flatMap((figure) => cells(compared[figure], servers)),
    ...servers.map((server) => number(serviceCpuUsPerCall[server])),
  ])
  const blank = servers.length > 1 ? servers.length : servers.length - 1
  const head = ['', 'conn', ...figures.flatMap((figure) => [headings[figure], ...Array<string>(blank).fill('')])]
  const under = ['', '', ...figures.flatMap(() => [...servers, ...(servers.length > 1 ? ['ratio'] : [])])]
  return aligned([[...head, 'service CPU', ...servers.slice(1).map(() => '')], [...under, ...servers], ...lines])
}

/** One line for a figure that has no table. */
export function line(title: string, comparison: Comparison): string {
  const { official, perdure } = comparison.medians
  const values = [
    ...(official === undefined ? [] : [`official ${number(official)}`]),
    ...(perdure === undefined ? [] : [`perdure ${number(perdure)}`]),
    ...(comparison.ratio === undefined ? [] : [`ratio ${ratio(comparison)}`]),
  ]
  return `${title}: ${values.join(', ')}`
}

/** Which targets there were, and the ones that were not met. */
export function verdicts(rows: readonly Row[], starts: Readonly<Record<string, Comparison>>): string {
  const judged = [
    ...Object.entries(starts).map(([name, comparison]) => ({ name, comparison })),
    ...rows.flatMap((row) =>
      figures.map((figure) => ({
        name: `${row.scenario.title}, ${row.connections} connections, ${headings[figure]}`,
        comparison: row.figures[figure],
      })),
    ),
  ].filter(({ comparison }) => comparison.verdict !== 'none')
  if (judged.length === 0) return 'No targets: they are ratios, and need both servers.'
  const open = judged.filter(({ comparison }) => comparison.verdict !== 'met')
  return [
    `${judged.length - open.length} of ${judged.length} targets met (+ met, - missed, ! so far off that it is a design fault).`,
    ...open.map(({ name, comparison }) => `  ${ratio(comparison)} ${name}`),
  ].join('\n')
}

function cells(comparison: Comparison, servers: readonly ServerName[]): string[] {
  const values = servers.map((server) => number(comparison.medians[server]))
  return servers.length > 1 ? [...values, ratio(comparison)] : values
}

function ratio({ ratio: value, verdict }: Comparison): string {
  return value === undefined ? '' : `${value.toFixed(2)} ${marks[verdict]}`
}

/** Three digits that count. */
export function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '?'
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

/** The first column to the left, the others to the right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const cells of lines) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
