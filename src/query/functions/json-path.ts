import type { SQLInputValue } from 'node:sqlite'
import { type SqlFunction, textOf } from './register.ts'

/** `x_json(as, document, step…)`: what a path leads to, as one type; NULL when it leads nowhere or to another type. */
export const jsonFunctions: Readonly<Record<string, SqlFunction>> = {
  x_json(as, document, ...steps) {
    const text = textOf(document)
    let value: unknown
    if (text !== undefined) {
      try {
        value = JSON.parse(text)
      } catch {
        value = undefined
      }
    }
    for (const step of steps) value = member(value, typeof step === 'bigint' ? Number(step) : step)
    return shown(String(as), value)
  },
}

/** The text of a value that a path led to: of a text the text itself. */
export const jsonTextFunctions: Readonly<Record<string, SqlFunction>> = {
  x_json_text: (value) => jsonText(textOf(value)),
}

function jsonText(text: string | undefined): string | null {
  if (text === undefined) return null
  const value: unknown = JSON.parse(text)
  return typeof value === 'string' ? value : value === null ? null : text
}

function member(value: unknown, step: unknown): unknown {
  if (Array.isArray(value)) return typeof step === 'number' && step >= 0 ? value[step] : undefined
  if (typeof value !== 'object' || value === null || typeof step !== 'string') return undefined
  return Object.hasOwn(value, step) ? (value as Readonly<Record<string, unknown>>)[step] : undefined
}

function shown(as: string, value: unknown): SQLInputValue {
  if (as === 'exists') return value === undefined ? 0 : 1
  if (value === undefined) return null
  switch (as) {
    case 'str':
      return typeof value === 'string' ? value : null
    case 'int':
      return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null
    case 'float':
      return typeof value === 'number' ? value : null
    case 'bool':
      return typeof value === 'boolean' ? Number(value) : null
    case 'length':
      return typeof value === 'object' && value !== null ? Object.keys(value).length : null
    case 'keys':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? JSON.stringify(Object.keys(value))
        : null
    case 'text':
      return typeof value === 'string' ? value : value === null ? null : JSON.stringify(value)
    default:
      return JSON.stringify(value)
  }
}
