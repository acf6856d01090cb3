import { existsSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Config } from '../config/config.ts'
import { changeabilityOf, exposureOf } from '../config/file-exposure.ts'
import { pathExposureOf } from '../config/path-exposure.ts'
import { PerdureError } from '../errors/perdure-error.ts'
import { checkDataDirectory } from '../sealing/data-directory.ts'
import type { RegisteredDeployment, SecurityFacts } from './security-check.ts'

/** Looks at the disk, and changes nothing; a server may be running there. */
export function gatherFacts(config: Config, configFile: string | undefined): Omit<SecurityFacts, 'missingSealingKeys'> {
  const directory = join(config.baseDir, config.nodeName)
  return {
    config,
    configFile,
    fileProblem: (file) => problemOf(file, exposureOf),
    changeProblem: (file) => problemOf(file, changeabilityOf),
    directoryProblem,
    exists: existsSync,
    dataProblem: dataProblem(directory),
    deployments: readDeployments(join(directory, 'store', 'store.sqlite')),
  }
}

function problemOf(file: string, judge: (file: string, stats: Stats) => string | undefined): string | undefined {
  try {
    const exposure = judge(file, statSync(file))
    return exposure === undefined ? undefined : `${file}: ${exposure}`
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    return code === 'ENOENT' ? `${file} is not there` : `${file} cannot be looked at (${code})`
  }
}

function directoryProblem(directory: string): string | undefined {
  try {
    return existsSync(directory) ? pathExposureOf(directory) : undefined
  } catch {
    return `${directory} cannot be looked at`
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
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 2000 })
    return database
      .prepare('SELECT record FROM deployment')
      .all()
      .map(({ record }) => deploymentOf(JSON.parse(String(record))))
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}

function deploymentOf(record: unknown): RegisteredDeployment {
  if (typeof record !== 'object' || record === null || !('uri' in record) || typeof record.uri !== 'string') {
    throw new Error('invariant: a deployment has a URI')
  }
  const url = new URL(record.uri)
  return { uri: url.origin + url.pathname, hasAuth: 'auth' in record }
}
