import { type HistogramHandle, Histograms } from './metric-histogram.ts'
import { type LabelSpec, labelPairs } from './metric-labels.ts'
import { type CounterHandle, Counters, type GaugeHandle, Gauges } from './metric-numbers.ts'

export type { CounterHandle, GaugeHandle, HistogramHandle, LabelSpec }

/** Content type of the text that `render` gives: Prometheus text exposition format 0.0.4. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8'

const prefix = 'perdure_'

/** One metric with all its label combinations. */
interface Family {
  render(out: string[]): void
}

/**
 * The metrics of the process. Names are given without the prefix `perdure_`. Register at start and keep the handles
 * that `with` gives: to count is then one addition. A label takes only values that were declared or that fit under its
 * cap; every other value counts as `other`, so that no input can grow the memory.
 */
export class Metrics {
  readonly #constant: string
  readonly #families = new Map<string, Family>()
  readonly #beforeRender: (() => void)[] = []

  /** `constantLabels` are put on every sample: `cluster_name`, `node_name`. */
  constructor(constantLabels: Readonly<Record<string, string>> = {}) {
    this.#constant = labelPairs(Object.keys(constantLabels), Object.values(constantLabels))
  }

  /** A number that only grows; by custom its name ends in `_total`. */
  counter<L extends string = never>(name: string, help: string, labels?: LabelSpec<L>): Counters<L> {
    return this.#add(name, (full) => new Counters<L>(full, help, this.#constant, labels))
  }

  /** A number that goes up and down. */
  gauge<L extends string = never>(name: string, help: string, labels?: LabelSpec<L>): Gauges<L> {
    return this.#add(name, (full) => new Gauges<L>(full, help, this.#constant, labels))
  }

  /** A distribution over `buckets`: rising upper bounds, inclusive, in the unit that the name ends in. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: LabelSpec<L>,
  ): Histograms<L> {
    return this.#add(name, (full) => new Histograms<L>(full, help, this.#constant, buckets, labels))
  }

  /** Runs before every rendering: sets gauges from values that live elsewhere. */
  onRender(collect: () => void): void {
    this.#beforeRender.push(collect)
  }

  render(): string {
    for (const collect of this.#beforeRender) collect()
    const out: string[] = []
    for (const family of this.#families.values()) family.render(out)
    return out.join('')
  }

  #add<F extends Family>(name: string, create: (fullName: string) => F): F {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`metric name ${name} is not in snake_case`)
    if (this.#families.has(name)) throw new Error(`metric ${name} is registered twice`)
    const family = create(prefix + name)
    this.#families.set(name, family)
    return family
  }
}
