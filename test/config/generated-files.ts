import { readFileSync } from 'node:fs'
import { exampleFile } from '../../src/config/example-file.ts'
import { referenceTables } from '../../src/config/reference-table.ts'

const BEGIN = '<!-- generated keys: begin -->\n'
const END = '\n<!-- generated keys: end -->'

const exampleUrl = new URL('../../restate.toml.example', import.meta.url)
const documentUrl = new URL('../../docs/configuration.md', import.meta.url)

/** The committed files that are made from the schema, with what they should contain. */
export function generatedFiles(): readonly { readonly url: URL; readonly expected: string }[] {
  const document = readFileSync(documentUrl, 'utf8')
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin === -1 || end < begin) throw new Error('docs/configuration.md has lost its markers')
  const head = document.slice(0, begin + BEGIN.length)
  return [
    { url: exampleUrl, expected: exampleFile() },
    { url: documentUrl, expected: `${head}\n${referenceTables()}\n${document.slice(end)}` },
  ]
}
