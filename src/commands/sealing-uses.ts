import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeSegmentHeader, positionInName, segmentHeaderBytes } from '../log/segment-header.ts'

/** How much of a data directory is sealed under one key. */
export interface SealingUse {
  segments: number
  dataKeys: number
}

type Uses = Map<string | undefined, SealingUse>

/** What is sealed under which key, by the ids of keys; `undefined` stands for what is in clear. Needs no key, and changes nothing. */
export function sealingUses(directory: string): ReadonlyMap<string | undefined, SealingUse> {
  const uses: Uses = new Map()
  countSegments(join(directory, 'log'), uses)
  countDataKeys(join(directory, 'store', 'store.sqlite'), uses)
  return uses
}

function useOf(uses: Uses, id: string | undefined): SealingUse {
  const use = uses.get(id) ?? { segments: 0, dataKeys: 0 }
  uses.set(id, use)
  return use
}

function countSegments(directory: string, uses: Uses): void {
  if (!existsSync(directory)) return
  const names = readdirSync(directory).filter((name) => positionInName(name) !== undefined)
  for (const name of names) {
    const path = join(directory, name)
    const header = segmentHeader(path)
    if (header !== undefined) useOf(uses, decodeSegmentHeader(header, path).sealing?.keyId).segments += 1
  }
}

/** `undefined` when the server has deleted the segment meanwhile. */
function segmentHeader(path: string): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const header = Buffer.alloc(segmentHeaderBytes)
    return header.subarray(0, readSync(fd, header, 0, header.length, 0))
  } finally {
    closeSync(fd)
  }
}

function countDataKeys(file: string, uses: Uses): void {
  if (!existsSync(file)) return
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    for (const { id, count } of database
      .prepare('SELECT key_id AS id, count(*) AS count FROM data_key GROUP BY 1')
      .all())
      useOf(uses, String(id)).dataKeys += Number(count)
  } finally {
    database.close()
  }
}
