import type { DatabaseSync } from 'node:sqlite'
import type { ValueSeal } from '../../sealing/value-seal.ts'
import { openDeployment, openKeyedValue } from '../../store/sealed-columns.ts'
import { bytesOf, register, textOf } from '../functions/register.ts'

/**
 * Makes the views `unsealed_state`, `unsealed_promise` and `unsealed_deployment`: the store's tables with what is sealed in them opened. Without a seal they
 * are the tables themselves, which costs nothing. SQLite looks through views of this form, so that indexes serve them.
 */
export function createUnsealedViews(database: DatabaseSync, seal: ValueSeal | undefined): void {
  if (seal !== undefined) registerUnsealing(database, seal)
  const column = (sealed: string, name: string) => (seal === undefined ? name : `${sealed} AS ${name}`)
  database.exec(`
    CREATE TEMP VIEW unsealed_state AS
      SELECT service, key, name, ${column('x_unseal_state(service, key, name, value)', 'value')} FROM main.state s;
    CREATE TEMP VIEW unsealed_promise AS
      SELECT service, key, name, ${column('x_unseal_promise(service, key, name, promise)', 'promise')} FROM main.promise p;
    CREATE TEMP VIEW unsealed_deployment AS
      SELECT id, ${column('x_unseal_deployment(id, record)', 'record')} FROM main.deployment d;
  `)
}

function registerUnsealing(database: DatabaseSync, seal: ValueSeal): void {
  register(database, {
    x_unseal_state: (service, key, name, value) =>
      openKeyedValue(seal, 'state', textOf(service) ?? '', textOf(key) ?? '', required(name), required(value)),
    x_unseal_promise: (service, key, name, value) =>
      openKeyedValue(seal, 'promise', textOf(service) ?? '', textOf(key) ?? '', textOf(name) ?? '', required(value)),
    x_unseal_deployment: (id, record) => openDeployment(seal, textOf(id) ?? '', record),
  })
}

function required(value: Parameters<typeof bytesOf>[0]): Uint8Array {
  const bytes = bytesOf(value)
  if (bytes === undefined) throw new Error('invariant: the column holds bytes')
  return bytes
}
