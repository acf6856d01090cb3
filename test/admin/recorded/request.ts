/** What the official server 1.7.12 answers, in what clients depend on. */
export type RecordedAnswer =
  | { readonly kind: 'empty'; readonly status: number; readonly allow?: readonly string[]; readonly location?: string }
  /** JSON with at least these members; of an array there are none. */
  | { readonly kind: 'json'; readonly status: number; readonly members: readonly string[]; readonly location?: string }
  /** `{message, restate_code}`. A pattern where the text is the server's own. */
  | {
      readonly kind: 'error'
      readonly status: number
      readonly message: string | RegExp
      readonly restateCode: string | null
    }
  /** `{message}` alone. */
  | { readonly kind: 'query error'; readonly status: number }
  /** Plain text that begins like this. */
  | { readonly kind: 'text'; readonly status: number; readonly begins: string }
  | { readonly kind: 'arrow'; readonly status: number }

/**
 * One request, and what is answered. `{name}` in paths, bodies and texts stands for a subject that whoever sends the request has
 * made: see `Subjects`.
 */
export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly answer: RecordedAnswer
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is; without a type if that is undefined. */
  readonly raw?: { readonly type: string | undefined; readonly text: string }
  readonly accept?: string
  /** What our server answers instead, on purpose. */
  readonly ours?: RecordedAnswer
}

/** What requests are about. */
export interface Subjects {
  /** Where the deployment is. */
  readonly uri: string
  readonly deployment: string
  /** A plain service of that deployment, with the handler `run`. */
  readonly service: string
  /** A virtual object with the handler `look`. */
  readonly object: string
  /** Invocations in these states; `run` is a workflow's, completed. */
  readonly completed: string
  readonly scheduled: string
  readonly waiting: string
  readonly run: string
}

type More = Pick<RecordedRequest, 'body' | 'raw' | 'accept' | 'ours'>

export function ask(line: string, answer: RecordedAnswer, more: More = {}): RecordedRequest {
  const [method = '', path = ''] = line.split(' ')
  return { method, path, answer, ...more }
}

export const empty = (status: number): RecordedAnswer => ({ kind: 'empty', status })
export const notAllowed = (...allow: readonly string[]): RecordedAnswer => ({ kind: 'empty', status: 405, allow })
export function json(status: number, ...members: readonly string[]): Extract<RecordedAnswer, { kind: 'json' }> {
  return { kind: 'json', status, members }
}

export const text = (status: number, begins: string): RecordedAnswer => ({ kind: 'text', status, begins })
export const queryError = (status: number): RecordedAnswer => ({ kind: 'query error', status })

export function error(status: number, message: string | RegExp, restateCode: string | null = null): RecordedAnswer {
  return { kind: 'error', status, message, restateCode }
}

/** The text, path or body with the subjects in it. */
export function withSubjects(value: string, subjects: Subjects): string {
  return value.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(subjects, name) ? String(Reflect.get(subjects, name)) : whole,
  )
}
