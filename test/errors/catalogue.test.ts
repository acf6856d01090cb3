import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { definedErrors, PerdureError } from '../../src/errors/perdure-error.ts'

const root = join(import.meta.dirname, '../..')
const areas = readdirSync(join(root, 'src/errors')).filter((name) => name !== 'perdure-error.ts')
for (const area of areas) await import(join(root, 'src/errors', area))

t.test('every error has a page, and every page an error', async (t) => {
  const pages = readdirSync(join(root, 'docs/errors')).map((name) => name.replace(/\.md$/, ''))
  const codes = definedErrors().map((definition) => definition.code)
  t.same(pages.sort(), codes.sort())
  for (const code of codes) {
    const text = readFileSync(join(root, 'docs/errors', `${code}.md`), 'utf8')
    t.ok(text.startsWith(`# ${code}\n`), `${code} is headed by its code`)
    t.ok(text.length > 120, `${code} says what to do`)
  }
})

t.test('codes and statuses have their form', async (t) => {
  for (const { code, status, restateCode } of definedErrors()) {
    t.match(code, /^PERDURE_ERR_[A-Z0-9]+_[A-Z0-9_]+$/)
    t.ok(status >= 400 && status <= 599, `${code} ${status}`)
    if (restateCode !== undefined) t.match(restateCode, /^(META|RT)\d{4}$/)
  }
})

t.test('errors are recognised by class and code', async (t) => {
  const { StoreFailed } = await import('../../src/errors/store.ts')
  const cause = new Error('why')
  const error = new StoreFailed('what', { cause })
  t.ok(error instanceof PerdureError)
  t.match(error, { code: 'PERDURE_ERR_STORE_FAILED', status: 503, message: 'what', cause })
})
