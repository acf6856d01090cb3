import { ByteSizeInvalid } from '../errors/config.ts'

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['k', 1e3],
  ['kb', 1e3],
  ['ki', 2 ** 10],
  ['kib', 2 ** 10],
  ['m', 1e6],
  ['mb', 1e6],
  ['mi', 2 ** 20],
  ['mib', 2 ** 20],
  ['g', 1e9],
  ['gb', 1e9],
  ['gi', 2 ** 30],
  ['gib', 2 ** 30],
  ['t', 1e12],
  ['tb', 1e12],
  ['ti', 2 ** 40],
  ['tib', 2 ** 40],
])

/** Reads a size: `32 MiB`, `256MB` (decimal), `1.5 GiB`, `4096`. Returns whole bytes; throws `ByteSizeInvalid`. */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(text.slice(0, 64))
  if (match === null) throw new ByteSizeInvalid('not a size: write for example 32 MiB, 256MB or 4096')
  const [, count = '', unitName = ''] = match
  const unit = UNITS.get(unitName.toLowerCase())
  if (unit === undefined) throw new ByteSizeInvalid(`${JSON.stringify(unitName)} is not a unit of size`)
  const bytes = Math.round(Number(count) * unit)
  if (!Number.isSafeInteger(bytes)) throw new ByteSizeInvalid('the size is out of range')
  return bytes
}

/** Prints bytes with the largest binary unit that loses nothing: `32.0 MiB`, `1.5 KiB`, `65535 B`. */
export function formatByteSize(bytes: number): string {
  for (const [name, unit] of [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= unit && (bytes * 10) % unit === 0) return `${(bytes / unit).toFixed(1)} ${name}`
  }
  return `${bytes} B`
}
