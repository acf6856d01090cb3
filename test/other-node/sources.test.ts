import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')

t.test('the sources run on the oldest Node that package.json allows: it does not know `using`', async (t) => {
  for (const folder of ['examples', 'src']) {
    const files = readdirSync(join(root, folder), { recursive: true }).map(String)
    const using = files.filter(
      (name) =>
        name.endsWith('.ts') && /^\s*(?:await )?using \w+ = /m.test(readFileSync(join(root, folder, name), 'utf8')),
    )
    t.strictSame(using, [], folder)
  }
})
