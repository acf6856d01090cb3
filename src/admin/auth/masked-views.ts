import type { AdminRole } from '../../config/config.ts'
import type { DeploymentRecord } from '../../core/deployment.ts'
import { isHidden } from '../../query/visibility.ts'
import { MASK } from '../header-mask.ts'
import { visibilityOf } from './roles.ts'

type View = Readonly<Record<string, unknown>>

/** A deployment as a role may see it: without its credentials, which are the values of its headers and the query of its address. */
export function deploymentFor(role: AdminRole, deployment: DeploymentRecord): DeploymentRecord {
  if (!isHidden('credential', visibilityOf(role))) return deployment
  const [address = '', query] = deployment.uri.split('?', 2)
  return {
    ...deployment,
    uri: query === undefined ? address : `${address}?${MASK}`,
    additionalHeaders: deployment.additionalHeaders.map(([name]) => [name, MASK]),
  }
}

/** Of an entry of a journal, what says what was done and not with what; a field that is not here is masked. */
const STRUCTURE: ReadonlySet<string> = new Set([
  'index',
  'entry_type',
  'appended_at',
  'name',
  'key',
  'state_keys',
  'completion_id',
  'invocation_id_completion_id',
  'signal_index',
  'signal_name',
  'wake_up_time',
  'invoke_time',
  'service',
  'handler',
  'idempotency_key',
  'target_invocation_id',
  'attached_to',
  'awakeable_id',
])

/** A view of a journal entry as a role may see it: sizes and codes remain of what callers and handlers said. */
export function journalEntryFor(role: AdminRole, entry: View): View {
  if (!isHidden('content', visibilityOf(role))) return entry
  return Object.fromEntries(
    Object.entries(entry).map(([name, value]) => [name, STRUCTURE.has(name) ? value : maskedContent(value)]),
  )
}

/** Fields of an invocation that are texts of failures. */
const FAILURE_TEXTS: ReadonlySet<string> = new Set(['completion_failure', 'last_failure'])

/** A view of an invocation as a role may see it. */
export function invocationFor(role: AdminRole, invocation: View): View {
  if (!isHidden('content', visibilityOf(role))) return invocation
  return withoutFailureTexts(invocation)
}

function withoutFailureTexts(view: View): View {
  return Object.fromEntries(
    Object.entries(view).map(([name, value]): [string, unknown] => {
      if (FAILURE_TEXTS.has(name)) return [name, maskedFailureText(value)]
      if (name === 'completion_failure_details') return [name, maskedContent(value)]
      if (name === 'events' && Array.isArray(value)) {
        return [name, value.map((event: unknown) => (isView(event) ? withoutFailureTexts(event) : MASK))]
      }
      return [name, value]
    }),
  )
}

/** `[409] …` keeps its code. */
function maskedFailureText(text: unknown): string {
  const code = typeof text === 'string' ? /^\[[^\]]*\]/.exec(text)?.[0] : undefined
  return code === undefined ? MASK : `${code} ${MASK}`
}

/** Fields that tell the kind of a content, its size, or whom it names. */
const KEPT_IN_CONTENT: ReadonlySet<string> = new Set([
  'size_bytes',
  'code',
  'void',
  'invocation_id',
  'state_keys',
  'name',
])

function maskedContent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskedContent)
  if (!isView(value)) return MASK
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, KEPT_IN_CONTENT.has(name) ? inner : maskedContent(inner)]),
  )
}

function isView(value: unknown): value is View {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
