import { familyHeader, type LabelSpec, SeriesTable, sampleLine } from './metric-labels.ts'

/** One series of a counter. */
export class CounterHandle {
  readonly pairs: string
  value = 0

  constructor(pairs: string) {
    this.pairs = pairs
  }

  inc(by = 1): void {
    this.value += by
  }
}

/** One series of a gauge. */
export class GaugeHandle {
  readonly pairs: string
  value = 0

  constructor(pairs: string) {
    this.pairs = pairs
  }

  set(value: number): void {
    this.value = value
  }

  inc(by = 1): void {
    this.value += by
  }

  dec(by = 1): void {
    this.value -= by
  }
}

class Numbers<L extends string, H extends { readonly pairs: string; readonly value: number }> {
  readonly #name: string
  readonly #header: string
  readonly #series: SeriesTable<L, H>

  constructor(name: string, header: string, series: SeriesTable<L, H>) {
    this.#name = name
    this.#header = header
    this.#series = series
  }

  /** The series of these label values; resolve once and keep it where it is counted often. */
  with(labels: Readonly<Record<L, string>>): H {
    return this.#series.with(labels)
  }

  render(out: string[]): void {
    out.push(this.#header)
    for (const series of this.#series.values()) out.push(sampleLine(this.#name, series.pairs, series.value))
  }
}

export class Counters<L extends string> extends Numbers<L, CounterHandle> {
  constructor(name: string, help: string, constant: string, labels: LabelSpec<L> | undefined) {
    const series = new SeriesTable<L, CounterHandle>(constant, labels, (pairs) => new CounterHandle(pairs))
    super(name, familyHeader(name, help, 'counter'), series)
  }
}

export class Gauges<L extends string> extends Numbers<L, GaugeHandle> {
  constructor(name: string, help: string, constant: string, labels: LabelSpec<L> | undefined) {
    const series = new SeriesTable<L, GaugeHandle>(constant, labels, (pairs) => new GaugeHandle(pairs))
    super(name, familyHeader(name, help, 'gauge'), series)
  }
}
