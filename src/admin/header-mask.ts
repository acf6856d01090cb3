import type { Header } from '../core/journal.ts'

/** What stands for the value of a header that looks like a secret. */
export const MASK = '***'

const SENSITIVE_WORDS = ['auth', 'cookie', 'credential', 'key', 'pass', 'secret', 'session', 'signature', 'token']

/** True for names that usually carry secrets: `authorization`, `x-api-key`, `cookie` and the like. */
export function isSensitiveName(name: string): boolean {
  const lower = name.toLowerCase()
  return SENSITIVE_WORDS.some((word) => lower.includes(word))
}

/** Headers as an object, values of sensitive names masked: who may read deployments need not know their secrets. */
export function maskedHeaders(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, isSensitiveName(name) ? MASK : value]))
}

/**
 * Undoes the masking of headers that a client read, edited and sent back: a masked value becomes the stored one.
 * `unknown` is the name of the first header whose mask stands for nothing.
 */
export function unmaskHeaders(
  headers: Readonly<Record<string, string>>,
  stored: readonly Header[],
): { readonly headers: Readonly<Record<string, string>> } | { readonly unknown: string } {
  const values = new Map(stored)
  const unmasked: [string, string][] = []
  for (const [name, value] of Object.entries(headers)) {
    const isMask = value === MASK && isSensitiveName(name)
    const known = isMask ? values.get(name.toLowerCase()) : value
    if (known === undefined) return { unknown: name }
    unmasked.push([name, known])
  }
  return { headers: Object.fromEntries(unmasked) }
}
