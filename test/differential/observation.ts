/** What a scenario saw, with nothing in it that has to differ between two servers. */
export type Observation = unknown

/** Without what has to differ. The order of members is not compared. */
export function normalise(observed: unknown, key: string): Observation {
  return JSON.parse(withoutChance(JSON.stringify(observed ?? null, sortedMembers), key))
}

/**
 * Replaces ids, in the order in which they appear, times, addresses, the scenario's key and names of the pass. Ids that are the same stay the same.
 */
export function withoutChance(text: string, key: string): string {
  const seen = new Map<string, string>()
  const numbered = (kind: string) => (id: string) => {
    const known = seen.get(id)
    if (known !== undefined) return known
    const name = `${kind} ${[...seen.values()].filter((value) => value.startsWith(kind)).length + 1}`
    seen.set(id, name)
    return name
  }
  return text
    .replaceAll(key, 'key')
    .replaceAll(key.replaceAll('-', ''), '')
    .replace(/inv_1[0-9A-Za-z]{33}/g, numbered('invocation'))
    .replace(/sign_1[0-9A-Za-z_-]{38}/g, numbered('awakeable'))
    .replace(/dp_1[0-9A-Za-z]{22}/g, numbered('deployment'))
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, 'time')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://address')
    .replace(/\b(Own|Script|Private|Limited|Brief|Impatient|Explicit|Raw|Object|Flow|Wire)(-rr)?(-lazy)?\b/g, '$1')
}

function sortedMembers(_name: string, value: unknown): unknown {
  if (!isTree(value) || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One value that differs, and where it is. */
export interface Difference {
  /** Names and indices, with dots. */
  readonly at: string
  readonly official: unknown
  readonly ours: unknown
}

/** Values that are not equal, each as deep down as can be said. */
export function differences(official: Observation, ours: Observation, at = ''): Difference[] {
  if (JSON.stringify(official) === JSON.stringify(ours)) return []
  if (!isTree(official) || !isTree(ours) || Array.isArray(official) !== Array.isArray(ours))
    return [{ at, official, ours }]
  // A list of another length is shown whole: which of its members is too many cannot be said.
  if (Array.isArray(official) && Object.keys(official).length !== Object.keys(ours).length)
    return [{ at, official, ours }]
  const names = new Set([...Object.keys(official), ...Object.keys(ours)])
  return [...names].flatMap((name) => differences(official[name], ours[name], at === '' ? name : `${at}.${name}`))
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
