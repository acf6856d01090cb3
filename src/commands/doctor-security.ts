import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load-config.ts'
import { dataChecks } from '../doctor-security/data-checks.ts'
import { gatherFacts } from '../doctor-security/facts.ts'
import { listenerChecks } from '../doctor-security/listener-checks.ts'
import { outboundChecks } from '../doctor-security/outbound-checks.ts'
import { askRunningServer } from '../doctor-security/running-server.ts'
import type { Finding, SecurityCheck, Verdict } from '../doctor-security/security-check.ts'
import { ConfigCommandLine } from '../errors/config.ts'
import { readKeyFile } from '../sealing/key-file.ts'
import { sealingUses } from './sealing-uses.ts'

export const doctorSecurityUsage = `Usage: perdure doctor security [--json] [flags of the server]

Goes through the security of a server with this configuration, which it reads as the server does: from file, environment and
flags. One line for each point: ok, advice (could be tighter), or OPEN (to be mended before others can reach the server).
Looks at the configuration and at the disk; run it as the user of the server: files of other users count as open, for root as well. The exit code is 1 when a point is open.

      --json
      The same as JSON.
  -c, --config-file <path>
      The configuration of the server. [RESTATE_CONFIG]
  -h, --help
`

/** Every point, in the order of the report. */
export const securityChecks: readonly SecurityCheck[] = [...listenerChecks, ...dataChecks, ...outboundChecks]

export interface SecuritySurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly write: (text: string) => void
}

type NamedFinding = Finding & { readonly check: string }

/**
 * `perdure doctor security`, the arguments behind `security`. Resolves to whether nothing is open. Rejects as `loadConfig` does.
 */
export async function doctorSecurityCommand(
  argv: readonly string[],
  { env, cwd, write }: SecuritySurroundings,
): Promise<boolean> {
  if (argv.includes('--help') || argv.includes('-h')) {
    write(doctorSecurityUsage)
    return true
  }
  const loaded = loadConfig({ argv: argv.filter((argument) => argument !== '--json'), env, cwd })
  if (loaded.action !== 'run')
    throw new ConfigCommandLine('perdure doctor security takes --json and the flags of the server')
  const { config } = loaded
  const facts = { ...gatherFacts(config, loaded.file), missingSealingKeys: missingSealingKeys(config) }
  const findings = securityChecks.map((check): NamedFinding => ({ check: check.name, ...check.look(facts) }))
  const running = await askRunningServer(config)
  write(argv.includes('--json') ? asJson(findings, running) : asText(findings, running))
  return findings.every(({ verdict }) => verdict !== 'open')
}

/** As a restart would find them: the server reads the file of keys only then. */
function missingSealingKeys({ baseDir, nodeName, secrets: { keyFile } }: Config): readonly string[] | undefined {
  try {
    const known = keyFile === undefined ? [] : readKeyFile(keyFile).ids
    const needed = [...sealingUses(join(baseDir, nodeName)).keys()].filter((id) => id !== undefined)
    return needed.filter((id) => !known.includes(id))
  } catch {
    return undefined
  }
}

function asJson(findings: readonly NamedFinding[], running: string | undefined): string {
  return `${JSON.stringify({ open: countOf(findings, 'open'), advice: countOf(findings, 'advice'), running: running ?? null, findings }, null, 2)}\n`
}

const marks = { ok: 'ok      ', advice: 'advice  ', open: 'OPEN    ' } satisfies Record<Verdict, string>

function asText(findings: readonly NamedFinding[], running: string | undefined): string {
  const lines = findings.map(({ check, verdict, summary }) => `${marks[verdict]}${check}: ${summary}`)
  const state =
    running === undefined
      ? 'No running server was found at its admin address.'
      : `A server is running, version ${running}.`
  const count = `${countOf(findings, 'open')} open, ${countOf(findings, 'advice')} to think about.`
  return `${[...lines, '', `${count} ${state}`].join('\n')}\n`
}

function countOf(findings: readonly NamedFinding[], verdict: Verdict): number {
  return findings.filter((finding) => finding.verdict === verdict).length
}
