import { type RecordedAnswer, type Subjects, withSubjects } from './request.ts'

/** An answer over any transport. */
export interface GivenAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** What clients depend on. */
export interface AnswerFacts {
  readonly status: number
  readonly type: string | null
  readonly allow: readonly string[] | null
  /** Only looked at where one was recorded. */
  readonly location: string | null
  /** `Vary` stands where it should: with bodies that would be compressed for others. */
  readonly varies: boolean
  readonly body: unknown
}

/** Shorter bodies are compressed for nobody, unless their length is not known. */
const COMPRESSIBLE_BYTES = 32

const TYPES: Readonly<Record<RecordedAnswer['kind'], string | null>> = {
  empty: null,
  json: 'application/json',
  error: 'application/json',
  'query error': 'application/json',
  text: 'text/plain; charset=utf-8',
  arrow: 'application/vnd.apache.arrow.stream',
}

/** The facts of an answer that was recorded. */
export function recordedFacts(recorded: RecordedAnswer, subjects: Subjects): AnswerFacts {
  return {
    status: recorded.status,
    type: TYPES[recorded.kind],
    allow: 'allow' in recorded ? recorded.allow.toSorted() : null,
    location: 'location' in recorded ? withSubjects(recorded.location, subjects) : null,
    varies: true,
    body: recordedBody(recorded, subjects),
  }
}

/** The same facts of an answer that was given in its place. Texts that are the server's own are shown where they are not as recorded. */
export function givenFacts({ status, headers, body }: GivenAnswer, recorded: RecordedAnswer): AnswerFacts {
  const type = headers['content-type'] ?? null
  const isCompressible = headers['content-length'] === undefined ? body.length > 0 : body.length >= COMPRESSIBLE_BYTES
  const content: unknown = type === 'application/json' && body.length > 0 ? JSON.parse(String(body)) : String(body)
  return {
    status,
    type,
    allow: headers.allow?.split(/, */).toSorted() ?? null,
    location: 'location' in recorded ? (headers.location ?? null) : null,
    varies: (headers.vary === 'accept-encoding') === isCompressible,
    body: givenBody(content, recorded),
  }
}

function recordedBody(recorded: RecordedAnswer, subjects: Subjects): unknown {
  switch (recorded.kind) {
    case 'empty':
      return ''
    case 'json':
      return recorded.members.length === 0 ? [] : recorded.members
    case 'error': {
      const { message, restateCode } = recorded
      return {
        message: typeof message === 'string' ? withSubjects(message, subjects) : String(message),
        restate_code: restateCode,
      }
    }
    case 'query error':
      return ['message']
    case 'text':
      return recorded.begins
    case 'arrow':
      return 'Arrow'
  }
}

function givenBody(content: unknown, recorded: RecordedAnswer): unknown {
  switch (recorded.kind) {
    case 'empty':
      return content
    case 'json':
      return recorded.members.length === 0
        ? content
        : recorded.members.filter((name) => Object.hasOwn(Object(content), name))
    case 'error': {
      const { message, ...others } = Object(content)
      const isOwn = typeof recorded.message !== 'string' && recorded.message.test(message)
      return { message: isOwn ? String(recorded.message) : message, ...others }
    }
    case 'query error':
      return Object.keys(Object(content))
    case 'text':
      return String(content).startsWith(recorded.begins) ? recorded.begins : content
    case 'arrow':
      // Each message of a stream begins with this.
      return String(content).startsWith('\ufffd\ufffd\ufffd\ufffd') ? 'Arrow' : content
  }
}
