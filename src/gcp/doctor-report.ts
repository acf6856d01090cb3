import type { Diagnosis, Finding } from './doctor.ts'

const marks = { ok: 'ok    ', failed: 'FAILED', skipped: '-     ' } satisfies Record<Finding['outcome'], string>

/** A diagnosis as text for a terminal, ending in a line break. */
export function renderDiagnosis(diagnosis: Diagnosis): string {
  const lines = [`Google authentication to ${diagnosis.url}`, '']
  for (const { check, outcome, summary, details } of diagnosis.findings) {
    lines.push(`${marks[outcome]} ${check}: ${summary}`)
    for (const [name, value] of details) lines.push(`         ${name}: ${value}`)
  }
  lines.push('', `Next: ${diagnosis.nextStep}`, '')
  return lines.join('\n')
}
