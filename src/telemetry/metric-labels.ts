/** The value under which everything that was not declared, or is past the cap, is counted. */
export const otherValue = 'other'

/** For each label its known values, or how many different values may appear before the rest is `other`. */
export type LabelSpec<L extends string> = Readonly<Record<L, readonly string[] | { readonly maxValues: number }>>

/** Finds or makes the series of a label combination, with bounds. */
export class SeriesTable<L extends string, S> {
  readonly #labels: readonly { readonly name: L; readonly values: Set<string>; readonly cap: number }[]
  readonly #series = new Map<string, S>()
  readonly #constant: string
  readonly #create: (pairs: string) => S

  constructor(constant: string, spec: LabelSpec<L> | undefined, create: (pairs: string) => S) {
    this.#constant = constant
    this.#create = create
    this.#labels = spec === undefined ? [] : labelsOf(spec)
    // Without labels the one series exists from the start, so that it is shown as 0.
    if (this.#labels.length === 0) this.#at([])
  }

  with(labels: Readonly<Record<L, string>>): S {
    return this.#at(this.#labels.map((label) => bounded(label, labels[label.name])))
  }

  values(): IterableIterator<S> {
    return this.#series.values()
  }

  #at(values: readonly string[]): S {
    const own = labelPairs(
      this.#labels.map((label) => label.name),
      values,
    )
    let series = this.#series.get(own)
    if (series === undefined) {
      series = this.#create([this.#constant, own].filter((pairs) => pairs !== '').join(','))
      this.#series.set(own, series)
    }
    return series
  }
}

function labelsOf<L extends string>(spec: LabelSpec<L>) {
  const labels: { name: L; values: Set<string>; cap: number }[] = []
  for (const name in spec) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`label name ${name} is not in snake_case`)
    const known = spec[name]
    labels.push(
      'maxValues' in known
        ? { name, values: new Set(), cap: known.maxValues }
        : { name, values: new Set(known), cap: known.length },
    )
  }
  return labels
}

function bounded(label: { readonly values: Set<string>; readonly cap: number }, value: string): string {
  if (label.values.has(value)) return value
  if (label.values.size >= label.cap) return otherValue
  label.values.add(value)
  return value
}

/** `name="value",…` with the value escaped: backslash, quote, line feed. */
export function labelPairs(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escapeLabelValue(values[i] ?? '')}"`).join(',')
}

function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** The two comment lines above a family; help escapes backslash and line feed. */
export function familyHeader(name: string, help: string, type: 'counter' | 'gauge' | 'histogram'): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
}

export function sampleLine(name: string, pairs: string, value: number): string {
  return pairs === '' ? `${name} ${sampleValue(value)}\n` : `${name}{${pairs}} ${sampleValue(value)}\n`
}

/** As the format spells numbers: `+Inf`, `-Inf`, `NaN`. */
export function sampleValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
