import { numberOf, type SqlFunction, textOf } from './register.ts'

/**
 * Aggregates that SQLite lacks, over all values of a group at once: a JSON array, in which NULLs do not count. NULL where there are
 * too few values.
 */
export const statisticsFunctions: Readonly<Record<string, SqlFunction>> = {
  x_variance(list, isSample) {
    const values = numbersOf(list)
    const divisor = values.length - Number(isSample)
    return divisor <= 0 ? null : squares(values) / divisor
  },
  /** The value at this part of the way, 0 to 1, between the smallest and the largest, interpolated. */
  x_percentile(list, part) {
    const values = numbersOf(list).sort((a, b) => a - b)
    const wanted = numberOf(part)
    if (values.length === 0 || wanted === undefined) return null
    const place = wanted * (values.length - 1)
    const low = values[Math.floor(place)] ?? 0
    const high = values[Math.ceil(place)] ?? low
    return low + (high - low) * (place - Math.floor(place))
  },
  x_bits(list, operator) {
    // Not as numbers, which are exact up to 2^53 only.
    const values = Array.from((textOf(list) ?? '').matchAll(/-?\d+/g), ([digits]) => BigInt(digits))
    return values.length === 0 ? null : values.reduce((a, b) => combined(String(operator), a, b))
  },
  x_covariance(pairs, isSample) {
    const rows = pairsOf(pairs)
    const divisor = rows.length - Number(isSample)
    return divisor <= 0 ? null : products(rows) / divisor
  },
  x_correlation(pairs) {
    const rows = pairsOf(pairs)
    const spread = Math.sqrt(squares(rows.map(([x]) => x)) * squares(rows.map(([, y]) => y)))
    return rows.length < 2 || spread === 0 ? null : products(rows) / spread
  },
}

function numbersOf(list: Parameters<SqlFunction>[0]): number[] {
  const items: unknown = JSON.parse(textOf(list) ?? '[]')
  return Array.isArray(items) ? items.filter((item) => typeof item === 'number') : []
}

function pairsOf(list: Parameters<SqlFunction>[0]): readonly (readonly [number, number])[] {
  const items: unknown = JSON.parse(textOf(list) ?? '[]')
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown) => {
    const [x, y]: readonly unknown[] = Array.isArray(item) ? item : []
    return typeof x === 'number' && typeof y === 'number' ? [[x, y] as const] : []
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The sum of the squared distances from the mean, in one pass, which is exact enough for times since the epoch. */
function squares(values: readonly number[]): number {
  let middle = 0
  let sum = 0
  for (const [place, value] of values.entries()) {
    const before = value - middle
    middle += before / (place + 1)
    sum += before * (value - middle)
  }
  return sum
}

function products(rows: readonly (readonly [number, number])[]): number {
  const meanX = mean(rows.map(([x]) => x))
  const meanY = mean(rows.map(([, y]) => y))
  return rows.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
}

function combined(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case 'and':
      return a & b
    case 'or':
      return a | b
    default:
      return a ^ b
  }
}
