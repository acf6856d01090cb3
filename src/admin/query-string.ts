import { AdminQueryString } from '../errors/admin.ts'

/** A parameter that is given at most once. */
export function textParameter(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw new AdminQueryString(`Failed to deserialize query string: duplicate field \`${name}\``)
  return values[0]
}

export function booleanParameter(query: URLSearchParams, name: string): boolean | undefined {
  const value = textParameter(query, name)
  if (value === undefined) return undefined
  if (value === 'true' || value === 'false') return value === 'true'
  throw new AdminQueryString(
    `Failed to deserialize query string: ${name}: provided string was not \`true\` or \`false\``,
  )
}

/** A whole number from `min` to `max`. */
export function numberParameter(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const value = textParameter(query, name)
  if (value === undefined) return undefined
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw new AdminQueryString(
    `Failed to deserialize query string: ${name}: expected a whole number from ${min} to ${max}`,
  )
}
