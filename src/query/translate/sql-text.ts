/** A text as SQLite reads it. NUL would end the statement. */
export function sqlText(value: string): string {
  return value.includes('\0')
    ? `CAST(x'${Buffer.from(value).toString('hex')}' AS TEXT)`
    : `'${value.replaceAll("'", "''")}'`
}

/** 64 bits without sign as the 20 digits that stand for them in SQLite. */
export function wideText(value: bigint): string {
  return `'${value.toString().padStart(20, '0')}'`
}
