import t from 'tap'

t.test('a store that cannot be read leaves no thread behind', async (t) => {
  const { Store } = await t.mockImport<typeof import('../../src/store/store.ts')>('../../src/store/store.ts', {
    'node:sqlite': {
      DatabaseSync: class {
        constructor() {
          throw new Error('too many open files')
        }
      },
    },
  })
  const threads = () => process.getActiveResourcesInfo().filter((resource) => resource === 'MessagePort').length
  const before = threads()
  const onFatal = (error: Error) => t.fail(error.message)
  const opening = Store.open({ directory: t.testdir(), checkpointIntervalMs: 5, onFolded: () => {}, onFatal })
  await t.rejects(opening, {
    code: 'PERDURE_ERR_STORE_FAILED',
    message: /store\.sqlite cannot be opened: too many open files/,
  })
  t.equal(threads(), before)
})
