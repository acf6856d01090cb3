/** What a template sees. */
export interface HelmData {
  readonly Release: { readonly Name: string; readonly Namespace: string }
  readonly Values: unknown
}

/**
 * Renders a template of the chart. It knows what the chart uses, `{{ .Path }}` of text and `{{ toJson .Path }}`, as Helm does;
 * anything else is an error, so that the chart cannot grow beyond what is tested here.
 */
export function renderTemplate(name: string, text: string, data: HelmData): string {
  if (/\{\{|\}\}/.test(text.replaceAll(/\{\{.*?\}\}/g, ''))) throw new Error(`${name}: an action over several lines`)
  return text.replaceAll(/\{\{(.*?)\}\}/g, (_whole, action: string) => {
    const [, toJson, path = ''] = /^ (toJson )?((?:\.\w+)+) $/.exec(action) ?? []
    const value = path === '' ? undefined : lookUp(data, path.split('.').slice(1))
    if (value === undefined) throw new Error(`${name}: not understood, or no such value: {{${action}}}`)
    if (toJson !== undefined) return JSON.stringify(sorted(value))
    if (typeof value !== 'string') throw new Error(`${name}: not text: {{${action}}}`)
    return value
  })
}

function lookUp(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    data,
  )
}

/** Go writes the keys of a map in their order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
