import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  DurationMillisecond,
  DurationNanosecond,
  Field,
  Float64,
  Int32,
  Int64,
  LargeBinary,
  LargeUtf8,
  List,
  makeBuilder,
  makeData,
  Null,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow'
import type { ListItem, SqlType } from '../sql-type.ts'
import type { PlanColumn } from '../translate/statement.ts'
import type { ResultWriter } from './result-writer.ts'

const ROWS_PER_BATCH = 4096

/** An Arrow IPC stream. The official CLI reads `restate sql` and counts from it. */
export class ArrowWriter implements ResultWriter {
  readonly #types: readonly { readonly type: DataType; readonly read: (value: unknown) => unknown }[]
  readonly #names: readonly string[]
  /** By column. What was thought to have always a value and had not, after all, must not be declared so: readers refuse it. */
  readonly #nullable: boolean[]
  readonly #batches: { readonly length: number; readonly children: Data[] }[] = []
  #columns: ReturnType<typeof builderOf>[] = []
  #rows = 0
  #sizeBytes = 0

  constructor(columns: readonly PlanColumn[]) {
    this.#types = columns.map(({ type }) => arrowType(type))
    this.#names = columns.map(({ name }) => name)
    this.#nullable = columns.map(({ nullable }) => nullable)
    this.#begin()
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  row(values: readonly unknown[]): void {
    for (const [place, { read }] of this.#types.entries()) {
      const value = values[place]
      const isNull = value === null || value === undefined
      if (isNull) this.#nullable[place] = true
      this.#columns[place]?.append(isNull ? null : read(value))
      this.#sizeBytes += typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.length : 8
    }
    this.#rows += 1
    if (this.#rows >= ROWS_PER_BATCH) this.#flush()
  }

  finish(): readonly Uint8Array[] {
    if (this.#rows > 0) this.#flush()
    const schema = new Schema(
      this.#names.map(
        (name, place) => new Field(name, this.#types[place]?.type ?? new Null(), this.#nullable[place] ?? true),
      ),
    )
    const stream = new RecordBatchStreamWriter()
    stream.reset(undefined, schema)
    const type = new Struct(schema.fields)
    for (const { length, children } of this.#batches.splice(0)) {
      stream.write(new RecordBatch(schema, makeData({ type, length, nullCount: 0, children })))
    }
    stream.finish()
    return [stream.toUint8Array(true)]
  }

  #begin(): void {
    this.#columns = this.#types.map(({ type }) => builderOf(type))
    this.#rows = 0
  }

  #flush(): void {
    const children = this.#columns.map((builder) => builder.finish().flush())
    this.#batches.push({ length: this.#rows, children })
    this.#begin()
  }
}

function builderOf(type: DataType) {
  return makeBuilder({ type, nullValues: [null] })
}

function arrowType(type: SqlType): { readonly type: DataType; readonly read: (value: unknown) => unknown } {
  switch (type.kind) {
    case 'null':
      return { type: new Null(), read: () => null }
    case 'bool':
      return { type: new Bool(), read: (value) => Number(value) !== 0 }
    case 'int':
      return intType(type.arrow)
    case 'wide':
      return { type: new Uint64(), read: (value) => BigInt(String(value)) }
    case 'float':
      return { type: new Float64(), read: Number }
    case 'timestamp': {
      const zone = type.utc ? '+00:00' : null
      return type.unit === 'ms'
        ? { type: new TimestampMillisecond(zone), read: Number }
        : { type: new TimestampNanosecond(zone), read: Number }
    }
    case 'date':
      return { type: new DateDay(), read: (value) => new Date(Number(value)) }
    case 'duration':
      return type.unit === 'ms'
        ? { type: new DurationMillisecond(), read: (value) => BigInt(Number(value)) }
        : { type: new DurationNanosecond(), read: (value) => BigInt(Number(value)) * 1_000_000n }
    case 'binary':
      return { type: type.large ? new LargeBinary() : new Binary(), read: bytesOf }
    case 'list':
      return listType(type.of)
    case 'text':
      return { type: type.large ? new LargeUtf8() : new Utf8(), read: String }
    default:
      return { type: new Utf8(), read: String }
  }
}

function intType(arrow: (SqlType & { kind: 'int' })['arrow']) {
  switch (arrow) {
    case 'Int32':
      return { type: new Int32(), read: Number }
    case 'UInt32':
      return { type: new Uint32(), read: Number }
    case 'UInt64':
      return { type: new Uint64(), read: (value: unknown) => BigInt(String(value)) }
    case 'Int64':
      return { type: new Int64(), read: (value: unknown) => BigInt(String(value)) }
  }
}

function listType(of: ListItem) {
  const items: Readonly<Record<ListItem, () => DataType>> = {
    text: () => new LargeUtf8(),
    u32: () => new Uint32(),
    int: () => new Int64(),
    float: () => new Float64(),
    bool: () => new Bool(),
  }
  const convert = of === 'int' ? BigInt : of === 'bool' ? Boolean : (item: number) => item
  return {
    type: new List(new Field('item', items[of](), true)),
    read(value: unknown) {
      const list: unknown = JSON.parse(String(value))
      return Array.isArray(list) ? list.map((item) => (item === null ? null : convert(item))) : null
    },
  }
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(String(value))
}
