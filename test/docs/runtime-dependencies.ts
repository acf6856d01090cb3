import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface RuntimeDependency {
  readonly name: string
  readonly version: string
  /** How many packages come with it, itself not counted; some of them with others too. */
  readonly brings: number
  /** Of files, its own and those of what comes with it. */
  readonly kib: number
  /** How many of all these run something when they are installed. */
  readonly installScripts: number
  readonly licence: string
}

interface Manifest {
  readonly version: string
  readonly license?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
}

const root = join(import.meta.dirname, '../..')

/** Every package that is installed without the development ones, as the lock file and the disk have it. */
export function runtimeDependencies(): RuntimeDependency[] {
  const lock: { readonly packages: Readonly<Record<string, Manifest>> } = readJson('package-lock.json')
  const own: Manifest = readJson('package.json')
  return Object.keys(own.dependencies ?? {}).map((name) => {
    const places = closure(lock.packages, `node_modules/${name}`)
    const [first] = places
    const manifest = first === undefined ? undefined : lock.packages[first]
    if (manifest === undefined) throw new Error(`${name} is not in the lock file: run npm install`)
    return {
      name,
      version: manifest.version,
      brings: places.length - 1,
      kib: Math.round(places.reduce((sum, place) => sum + bytesIn(join(root, place)), 0) / 1024),
      installScripts: places.filter((place) => lock.packages[place]?.hasInstallScript === true).length,
      licence: manifest.license ?? 'none given',
    }
  })
}

/** Places of a package and of all that it needs, found as Node finds them: in the nearest node_modules above. */
function closure(packages: Readonly<Record<string, Manifest>>, start: string): string[] {
  const found = new Set([start])
  for (const place of found) {
    for (const name of Object.keys(packages[place]?.dependencies ?? {})) {
      for (let above = place; ; above = above.slice(0, Math.max(0, above.lastIndexOf('/node_modules/')))) {
        const candidate = above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`
        if (packages[candidate] !== undefined) {
          found.add(candidate)
          break
        }
        if (above === '') throw new Error(`${name}, which ${place} needs, is not in the lock file`)
      }
    }
  }
  return [...found]
}

/** Without packages that stand inside: they count for themselves. */
function bytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .reduce((sum, entry) => {
      const path = join(directory, entry.name)
      return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size)
    }, 0)
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(join(root, file), 'utf8'))
}
