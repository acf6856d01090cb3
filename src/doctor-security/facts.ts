import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Config } from '../config/config.ts'
import { exposureOf } from '../config/file-exposure.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { checkDataDirectory } from '../sealing/data-directory.ts'
import type { RegisteredDeployment, SecurityFacts } from './security-check.ts'

/** Looks at the disk, and changes nothing; a server may be running there. */
export function gatherFacts(config: Config): SecurityFacts {
  const directory = join(config.baseDir, config.nodeName)
  return {
    config,
    fileProblem,
    exists: existsSync,
    dataProblem: dataProblem(directory),
    deployments: readDeployments(join(directory, 'store', 'store.sqlite')),
  }
}

function fileProblem(file: string): string | undefined {
  try {
    const exposure = exposureOf(file, statSync(file))
    return exposure === undefined ? undefined : `${file}: ${exposure}`
  } catch (error) {
    return `${file} cannot be looked at (${error instanceof Error && 'code' in error ? error.code : 'unknown'})`
  }
}

function dataProblem(directory: string): string | undefined {
  try {
    checkDataDirectory(directory)
    return undefined
  } catch (error) {
    if (error instanceof PerdureError) return error.message
    return `${directory} cannot be looked at`
  }
}

/** From the store, which may be some hundred milliseconds behind. */
function readDeployments(file: string): readonly RegisteredDeployment[] | undefined {
  if (!existsSync(file)) return []
  try {
    using database = new DatabaseSync(file, { readOnly: true, timeout: 2000 })
    return database
      .prepare('SELECT record FROM deployment')
      .all()
      .map(({ record }) => deploymentOf(JSON.parse(String(record))))
  } catch {
    return undefined
  }
}

function deploymentOf(record: unknown): RegisteredDeployment {
  if (typeof record !== 'object' || record === null || !('uri' in record) || typeof record.uri !== 'string') {
    throw new Error('invariant: a deployment has a URI')
  }
  const url = new URL(record.uri)
  return { uri: url.origin + url.pathname, hasAuth: 'auth' in record }
}
