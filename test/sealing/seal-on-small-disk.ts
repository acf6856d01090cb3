import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { KeyRing } from '../../src/sealing/key-ring.ts'
import { prepareSealing } from '../../src/store/open-sealed.ts'
import { Store } from '../../src/store/store.ts'
import { tables } from '../../src/store/tables.ts'

/** Seals a store of about 3 MB in the directory argv[2], a file system of its own; says what became of it as one line of JSON. */
const directory = process.argv[2] ?? ''
const file = join(directory, 'store.sqlite')
const database = new DatabaseSync(file)
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${tables}`)
prepareSealing(database, undefined)
const put = database.prepare('INSERT INTO journal VALUES (?, ?, ?)')
database.exec('BEGIN')
for (let seq = 0; seq < 3000; seq += 1) put.run(seq, 0, Buffer.alloc(900, seq))
database.exec('COMMIT')
database.close()

const fail = (error: Error): never => {
  throw error
}
const options = { directory, checkpointIntervalMs: 5, onFolded: () => {}, onFatal: fail }
const uncleaned: string[] = []
const keys = new KeyRing([Buffer.alloc(32, 7)])
const store = await Store.open({ ...options, keys, onUncleaned: (reason) => uncleaned.push(reason) })
const { bavail, bsize } = statfsSync(directory)
const answers = await store.sync()
await store.close()
const sealed = new DatabaseSync(file, { readOnly: true })
const format = sealed.prepare(`SELECT value FROM meta WHERE name = 'format'`).get()?.value
const stillToDo = sealed.prepare(`SELECT 1 AS one FROM meta WHERE name = 'uncleaned'`).get()?.one ?? 0
sealed.close()
console.log(JSON.stringify({ uncleaned, freeBytes: bavail * bsize, answers, format, stillToDo }))
