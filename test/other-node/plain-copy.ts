import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { transformSync } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const packages = ['node_modules', 'test/peer/node_modules']
const leftOut = new Set([...packages, '.git', '.tap', 'dist'])

/**
 * Copies this checkout to a directory that is not there yet, for a Node that does not know `using`: the tests are written with
 * it, and it is made plainer here, as the build does it for the product. Packages are those of the checkout.
 */
export function writePlainCopy(directory: string): void {
  cpSync(root, directory, { recursive: true, filter: (path) => !leftOut.has(relative(root, path)) })
  for (const path of packages) {
    if (existsSync(join(root, path))) symlinkSync(join(root, path), join(directory, path))
  }
  for (const folder of ['examples', 'src', 'test']) makePlain(join(directory, folder))
}

function makePlain(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) makePlain(path)
    else if (entry.name.endsWith('.ts')) {
      const text = readFileSync(path, 'utf8')
      if (usesUsing.test(text)) writeFileSync(path, plain(text))
    }
  }
}

const usesUsing = /^\s*(?:await )?using \w+ = |for (?:await )?\((?:await )?using /m

function plain(text: string): string {
  const { code } = transformSync(text, {
    loader: 'ts',
    target: 'node22',
    supported: { using: false },
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  })
  if (!text.includes('AsyncDisposableStack')) return code
  return `import ${JSON.stringify(join(import.meta.dirname, 'disposable-stack.ts'))}\n${code}`
}
