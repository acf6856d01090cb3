/** Encodes rows as they come. */
export interface ResultWriter {
  /** Bytes so far, at least about. */
  readonly sizeBytes: number
  /** Values as SQLite gives them, integers as BigInt. */
  row(values: readonly unknown[]): void
  /** The whole answer, in parts. */
  finish(): readonly Uint8Array[]
}
