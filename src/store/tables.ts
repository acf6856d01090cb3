import type { DatabaseSync } from 'node:sqlite'
import { StoreFormatUnknown } from '../errors/store.ts'
import { dataKeyTable } from '../sealing/value-seal.ts'

/**
 * The projection's tables. An invocation is one row; its journal is kept in chunks, one per checkpoint that
 * found new entries, in the log's own encoding: what a short call leaves is two rows.
 */
export const tables = `
CREATE TABLE IF NOT EXISTS meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS invocation (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  status TEXT NOT NULL,
  service TEXT NOT NULL,
  service_type TEXT NOT NULL,
  key TEXT,
  handler TEXT NOT NULL,
  handler_type TEXT NOT NULL,
  source TEXT NOT NULL,
  source_id TEXT,
  source_target TEXT,
  idempotency_key TEXT,
  execution_time INTEGER,
  completion_retention_ms INTEGER NOT NULL,
  journal_retention_ms INTEGER NOT NULL,
  seed_of TEXT,
  created_at INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  started_at INTEGER,
  completed_at INTEGER,
  expires_at INTEGER,
  journal_expires_at INTEGER,
  entry_count INTEGER NOT NULL,
  command_count INTEGER NOT NULL,
  pinned_deployment TEXT,
  pinned_version INTEGER,
  result BLOB,
  live BLOB,
  events BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS invocation_id ON invocation (id);
CREATE INDEX IF NOT EXISTS invocation_open ON invocation (seq) WHERE status <> 'completed';
CREATE INDEX IF NOT EXISTS invocation_expiry ON invocation (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS journal_expiry ON invocation (journal_expires_at) WHERE journal_expires_at IS NOT NULL;

-- For queries: newest first, of everything, of a service, of a key, of what is not over, of what failed (its result begins with 2).
CREATE INDEX IF NOT EXISTS invocation_created ON invocation (created_at);
CREATE INDEX IF NOT EXISTS invocation_modified ON invocation (modified_at);
CREATE INDEX IF NOT EXISTS invocation_completed ON invocation (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS invocation_service ON invocation (service, created_at);
CREATE INDEX IF NOT EXISTS invocation_key ON invocation (key, created_at) WHERE key IS NOT NULL;
CREATE INDEX IF NOT EXISTS invocation_open_created ON invocation (created_at) WHERE status <> 'completed';
CREATE INDEX IF NOT EXISTS invocation_failed ON invocation (created_at)
  WHERE status = 'completed' AND substr(result, 1, 1) = x'02';

CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER NOT NULL,
  first_index INTEGER NOT NULL,
  entries BLOB NOT NULL,
  PRIMARY KEY (seq, first_index)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS state (
  service TEXT NOT NULL,
  key TEXT NOT NULL,
  name BLOB NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (service, key, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS promise (
  service TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  promise BLOB NOT NULL,
  PRIMARY KEY (service, key, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS mutation (
  queue_order INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  key TEXT NOT NULL,
  mutation BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS deployment (
  id TEXT PRIMARY KEY,
  record TEXT NOT NULL
) WITHOUT ROWID;
${dataKeyTable}`

/** Changed whenever a table or an encoding in it changes. */
export const FORMAT_VERSION = 1
/** The same with sealed payloads, see sealed-columns.ts. */
export const SEALED_FORMAT_VERSION = 2

/**
 * A store of a version that keeps it in another form must stay as it is: not even tables may be added.
 * @throws StoreFormatUnknown
 */
export function refuseForeignFormat(database: DatabaseSync, file: string): void {
  if (database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'meta'`).get() === undefined) return
  const format = database.prepare(`SELECT value FROM meta WHERE name = 'format'`).get()?.value
  if (format === undefined || format === FORMAT_VERSION || format === SEALED_FORMAT_VERSION) return
  throw new StoreFormatUnknown(
    `The store ${file} has format ${format}, this version reads formats ${FORMAT_VERSION} and ${SEALED_FORMAT_VERSION}. Start the version that wrote it.`,
  )
}
