import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { Store } from '../../src/store/store.ts'

const quiet = {
  checkpointIntervalMs: 5,
  onFolded: () => {},
  onFatal: (error: Error) => {
    throw error
  },
}

t.test('a new store has its name on disk for good, and so have the directories that were made for it', async (t) => {
  const names = new Map<number, string>()
  const synced: string[] = []
  const { makeStoreFile } = await t.mockImport<typeof import('../../src/store/store-file.ts')>(
    '../../src/store/store-file.ts',
    {
      'node:fs': {
        ...fs,
        openSync: (path: string, ...rest: [string, number?]) => {
          const descriptor = fs.openSync(path, ...rest)
          names.set(descriptor, path)
          return descriptor
        },
        fsyncSync: (descriptor: number) => synced.push(names.get(descriptor) ?? ''),
      },
    },
  )
  const root = t.testdir()
  const directory = join(root, 'node', 'store')
  t.equal(makeStoreFile(directory), join(directory, 'store.sqlite'))
  t.same(synced.sort(), [root, dirname(directory), directory].sort())
  synced.length = 0
  t.equal(makeStoreFile(directory), join(directory, 'store.sqlite'))
  t.same(synced, [], 'what exists has it already')
})

t.test('the memory that a batch pins counts as pending, not only what it says', async (t) => {
  const store = await Store.open({ ...quiet, checkpointIntervalMs: 60_000, directory: t.testdir() })
  t.equal(store.pendingBytes, 0)
  store.fold(10, Buffer.allocUnsafeSlow(1 << 20).subarray(0, 0))
  t.equal(store.pendingBytes, 1 << 20)
  await store.checkpoint()
  t.equal(store.pendingBytes, 0)
  await store.close()
})

t.test('a store of a later version is refused and stays as it is', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'store.sqlite')
  const database = new DatabaseSync(file)
  database.exec(
    `CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL); INSERT INTO meta VALUES ('format', 3)`,
  )
  const schema = () => database.prepare('SELECT sql FROM sqlite_schema').all()
  const before = schema()
  await t.rejects(Store.open({ ...quiet, directory }), {
    code: 'PERDURE_ERR_STORE_FORMAT_UNKNOWN',
    message: /has format 3.*Start the version that wrote it/,
  })
  t.same(schema(), before)
  database.close()
})
