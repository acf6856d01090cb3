import { AdminBodyShape, AdminConflict, AdminNotSupported } from '../errors/admin.ts'
import { BodyFields } from './json-body.ts'
import type { AdminRoute } from './operation.ts'

const patternComponent = /^(?:\*|[a-zA-Z0-9_.-]+)$/
const MAX_COMPONENTS = 3
const MAX_UINT32 = 0xffff_ffff

/**
 * Rules that limit how much runs at the same time, of which there are none here: a rule that would be stored is refused, and everything else
 * answers as the admin API 1.7.12 does without rules.
 */
export function limiterRuleRoutes(): AdminRoute[] {
  return [
    {
      path: '/limits/rules',
      methods: {
        PUT: {
          jsonBody: true,
          audit: 'rules.upsert',
          handle({ body }) {
            const rules = listOf(body).map(readRule)
            for (const { pattern, expectedVersion } of rules) checkVersion(pattern, expectedVersion)
            if (rules.length === 0) return { status: 200, json: [] }
            throw new AdminNotSupported(
              'perdure has no limiter rules. To run less at the same time, use virtual objects, which run one invocation a key at a time, ' +
                'or limit the concurrency of the deployment itself',
            )
          },
        },
      },
    },
    {
      path: '/limits/rules/bulk-delete',
      methods: {
        POST: {
          jsonBody: true,
          audit: 'rules.delete',
          handle({ body }) {
            for (const item of listOf(body).map(readDeletion)) checkVersion(item.pattern, item.expectedVersion)
            // What is not there is skipped.
            return { status: 200, json: [] }
          },
        },
      },
    },
  ]
}

function listOf(body: unknown): BodyFields[] {
  if (!Array.isArray(body)) {
    throw new AdminBodyShape('Failed to deserialize the JSON body into the target type: expected an array')
  }
  return body.map((item: unknown, index) => new BodyFields(item, `[${index}]: `))
}

interface RuleRequest {
  readonly pattern: string
  readonly expectedVersion: number | undefined
}

function readRule(fields: BodyFields): RuleRequest {
  const pattern = readPattern(fields)
  fields.string('description')
  fields.boolean('disabled')
  fields.nested('limits')?.integer('concurrency', 1, MAX_UINT32)
  return { pattern, expectedVersion: readPrecondition(fields) }
}

function readDeletion(fields: BodyFields): RuleRequest {
  return { pattern: readPattern(fields), expectedVersion: fields.integer('expected_version', 0, MAX_UINT32) }
}

function readPattern(fields: BodyFields): string {
  const pattern = fields.string('pattern')
  if (pattern === undefined) throw fields.invalid('pattern', 'missing field')
  if (pattern === '') throw fields.invalid('pattern', 'pattern cannot be empty')
  const components = pattern.split('/')
  if (components.length > MAX_COMPONENTS) {
    throw fields.invalid('pattern', `too many path components (max ${MAX_COMPONENTS})`)
  }
  if (!components.every((component) => patternComponent.test(component))) {
    throw fields.invalid('pattern', 'invalid component: expected * or characters of [a-zA-Z0-9_.-]')
  }
  return pattern
}

/** `none` and `does_not_exist` hold where there are no rules; `matches` asks for a version that no rule has. */
function readPrecondition(fields: BodyFields): number | undefined {
  const precondition = fields.nested('precondition')
  const type = precondition?.string('type') ?? 'none'
  if (precondition === undefined || type === 'none' || type === 'does_not_exist') return undefined
  if (type !== 'matches') throw fields.invalid('precondition', 'expected a type of none, matches or does_not_exist')
  const version = precondition.integer('version', 0, MAX_UINT32)
  if (version === undefined) throw fields.invalid('precondition', 'matches needs a version')
  return version
}

function checkVersion(pattern: string, expected: number | undefined): void {
  if (expected === undefined) return
  throw new AdminConflict(
    `rule precondition Matches(v${expected}) for pattern ${pattern} failed (actual version: None)`,
  )
}
