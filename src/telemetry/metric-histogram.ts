import { familyHeader, type LabelSpec, SeriesTable, sampleLine, sampleValue } from './metric-labels.ts'

/** One series of a histogram. */
export class HistogramHandle {
  readonly pairs: string
  readonly #bounds: readonly number[]
  /** Not cumulative; the last one is for values above all bounds. */
  readonly #counts: Float64Array
  #sum = 0

  constructor(pairs: string, bounds: readonly number[]) {
    this.pairs = pairs
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let bucket = 0
    // Buckets are few; a plain scan is faster than a binary search.
    while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }

  render(name: string, out: string[]): void {
    let cumulative = 0
    for (let i = 0; i <= this.#bounds.length; i++) {
      cumulative += this.#counts[i] ?? 0
      const le = `le="${sampleValue(this.#bounds[i] ?? Number.POSITIVE_INFINITY)}"`
      out.push(sampleLine(`${name}_bucket`, this.pairs === '' ? le : `${this.pairs},${le}`, cumulative))
    }
    out.push(sampleLine(`${name}_sum`, this.pairs, this.#sum))
    out.push(sampleLine(`${name}_count`, this.pairs, cumulative))
  }
}

export class Histograms<L extends string> {
  readonly #name: string
  readonly #header: string
  readonly #series: SeriesTable<L, HistogramHandle>

  constructor(
    name: string,
    help: string,
    constant: string,
    bounds: readonly number[],
    labels: LabelSpec<L> | undefined,
  ) {
    if (bounds.length === 0 || bounds.some((bound, i) => i > 0 && bound <= (bounds[i - 1] ?? bound))) {
      throw new Error(`buckets of ${name} must be a rising list`)
    }
    if (labels !== undefined && 'le' in labels) throw new Error(`label le of ${name} is reserved for buckets`)
    this.#name = name
    this.#header = familyHeader(name, help, 'histogram')
    this.#series = new SeriesTable(constant, labels, (pairs) => new HistogramHandle(pairs, bounds))
  }

  /** The series of these label values; resolve once and keep it where it is observed often. */
  with(labels: Readonly<Record<L, string>>): HistogramHandle {
    return this.#series.with(labels)
  }

  render(out: string[]): void {
    out.push(this.#header)
    for (const series of this.#series.values()) series.render(this.#name, out)
  }
}
