import { QueryFailed } from '../../errors/query.ts'
import { type SqlType, typeName } from '../sql-type.ts'
import { formatDate, formatDuration, formatTimestamp } from '../timestamp-text.ts'
import type { PlanColumn } from '../translate/statement.ts'
import type { ResultWriter } from './result-writer.ts'

const CHUNK_CHARACTERS = 256 * 1024

/** `{"rows":[{…}]}` as the peer writes it: NULLs are left out, integers keep all their digits, bytes are hexadecimal. */
export class JsonWriter implements ResultWriter {
  readonly #columns: readonly { readonly key: string; readonly type: SqlType }[]
  readonly #chunks: Buffer[] = []
  #text = '{"rows":['
  #isFirst = true
  #flushedBytes = 0

  constructor(columns: readonly PlanColumn[]) {
    this.#columns = columns.map(({ name, type }) => ({ key: `${JSON.stringify(name)}:`, type }))
  }

  get sizeBytes(): number {
    return this.#flushedBytes + this.#text.length
  }

  row(values: readonly unknown[]): void {
    let text = this.#isFirst ? '{' : ',{'
    this.#isFirst = false
    let separator = ''
    for (const [place, { key, type }] of this.#columns.entries()) {
      const value = values[place]
      if (value === null || value === undefined) continue
      const shown = jsonOf(value, type)
      if (shown === undefined) continue
      text += separator + key + shown
      separator = ','
    }
    this.#text += `${text}}`
    if (this.#text.length >= CHUNK_CHARACTERS) this.#flush()
  }

  finish(): readonly Uint8Array[] {
    this.#text += ']}'
    this.#flush()
    return this.#chunks
  }

  #flush(): void {
    const chunk = Buffer.from(this.#text)
    this.#chunks.push(chunk)
    this.#flushedBytes += chunk.length
    this.#text = ''
  }
}

/** A value as JSON; `undefined` for what has none, like infinity. */
function jsonOf(value: unknown, type: SqlType): string | undefined {
  switch (type.kind) {
    case 'null':
      return undefined
    case 'bool':
      return Number(value) === 0 ? 'false' : 'true'
    case 'int':
      return String(value)
    case 'wide':
      return BigInt(String(value)).toString()
    case 'float':
      return floatJson(Number(value))
    case 'timestamp':
      return `"${formatTimestamp(Number(value), type.utc)}"`
    case 'date':
      return `"${formatDate(Number(value))}"`
    case 'duration':
      return `"${formatDuration(Number(value))}"`
    case 'binary':
      return `"${value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') : Buffer.from(String(value)).toString('hex')}"`
    case 'list':
      return type.of === 'bool' ? String(value).replaceAll('1', 'true').replaceAll('0', 'false') : String(value)
    case 'json':
      throw new QueryFailed(
        `Arrow error: Json error: Unsupported data type for JSON encoding: ${typeName(type)}; use ->> or cast it`,
      )
    default:
      return JSON.stringify(String(value))
  }
}

/** Very large and very small numbers are written with an exponent, and all of them with a fraction, as the peer does. */
function floatJson(value: number): string | undefined {
  if (!Number.isFinite(value)) return undefined
  const size = Math.abs(value)
  const isPlain = size === 0 || (size < 1e10 && size >= 1e-5)
  const text = isPlain ? decimal(value) : value.toExponential().replace('e+', 'e')
  return /[.]/.test(text) ? text : text.includes('e') ? text.replace('e', '.0e') : `${text}.0`
}

/** Without the exponent that JavaScript has for small numbers. */
function decimal(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '') : text
}
