import type { Config } from '../config/config.ts'
import { formatDuration } from '../config/duration.ts'
import { sensitiveNamesIn } from '../config/header-names.ts'
import { parseLogFilter } from '../telemetry/log-filter.ts'
import { advice, type Finding, ok, open, type SecurityCheck, type SecurityFacts } from './security-check.ts'

const DAY_MS = 86_400_000

/** What is written down, where, and for how long. */
export const dataChecks: readonly SecurityCheck[] = [
  { name: 'journaled-headers', look: ({ config }) => journaledHeaders(config) },
  { name: 'journaled-query-strings', look: ({ config }) => journaledQueryStrings(config) },
  { name: 'journal-retention', look: ({ config }) => journalRetention(config) },
  { name: 'configuration-file', look: configurationFile },
  { name: 'data-directory', look: dataDirectory },
  { name: 'sealing-key', look: sealingKey },
  { name: 'log-filter', look: ({ config }) => logFilter(config) },
]

function journaledHeaders({ ingress }: Config): Finding {
  if (ingress.headerPolicy === 'restate-compatible') {
    return open('all headers of calls are journaled, credentials included: set ingress.header-policy = "allow-list"')
  }
  const lists = [...ingress.headerAllowList, ...ingress.headerAllowListExtra]
  const sensitive = sensitiveNamesIn(lists)
  if (sensitive.length > 0) {
    return open(
      `${sensitive.join(', ')} may carry credentials, and is journaled: take it out of ingress.header-allow-list`,
    )
  }
  if (lists.includes('*')) {
    return open('every header that is not known as sensitive is journaled: list names instead of "*"')
  }
  return ok('only listed headers of calls are journaled')
}

function journaledQueryStrings({ ingress }: Config): Finding {
  return ingress.journalQueryString
    ? open(
        'query strings of calls are journaled, with what secrets they hold: set ingress.journal-query-string = false',
      )
    : ok('query strings of calls are not journaled')
}

function journalRetention({ defaultJournalRetentionMs, maxJournalRetentionMs }: Config): Finding {
  const kept = `journals are kept for ${formatDuration(defaultJournalRetentionMs)} where a service does not say`
  if (maxJournalRetentionMs === undefined) {
    return advice(`${kept}, and for as long as a service asks: set max-journal-retention`)
  }
  const longest = formatDuration(maxJournalRetentionMs)
  return maxJournalRetentionMs > 30 * DAY_MS
    ? advice(`${kept}, and up to ${longest}: shorten max-journal-retention if nobody needs them for so long`)
    : ok(`${kept}, and never longer than ${longest}`)
}

/** Who can change it decides everything else. */
function configurationFile({ configFile, changeProblem }: SecurityFacts): Finding {
  if (configFile === undefined) return ok('none')
  const problem = changeProblem(configFile)
  return problem === undefined ? ok('no other user can change it') : open(problem)
}

function dataDirectory({ config, dataProblem, directoryProblem }: SecurityFacts): Finding {
  if (dataProblem !== undefined) return open(dataProblem)
  // Volumes of containers are open to all, and nobody else is there.
  const problem = directoryProblem(config.baseDir)
  return problem === undefined ? ok('no other user can read or change it') : advice(`base-dir: ${problem}`)
}

function sealingKey({ config, fileProblem, missingSealingKeys }: SecurityFacts): Finding {
  const { keyFile } = config.secrets
  const [missing] = missingSealingKeys ?? []
  if (missing !== undefined) {
    const where = keyFile === undefined ? 'secrets.key-file is not set' : `${keyFile} does not hold it`
    return open(
      `data is sealed under the key with id ${missing}, and ${where}: the server will not start again. Put the key back; ` +
        'perdure secrets status tells which are needed',
    )
  }
  if (keyFile === undefined) {
    return open(
      'headers of deployments are on disk as they are: make a key with perdure secrets generate-key, and set secrets.key-file',
    )
  }
  const problem = fileProblem(keyFile)
  return problem === undefined ? ok('secrets on disk are sealed') : open(`secrets.key-file: ${problem}`)
}

function logFilter(config: Config): Finding {
  const level = parseLogFilter(config.logFilter)
  if (level === 'trace') {
    return open('the log tells everything but known secrets: set log-filter to info when you are done')
  }
  return level === 'debug' ? advice('the log is at debug: set log-filter to info when you are done') : ok(`at ${level}`)
}
