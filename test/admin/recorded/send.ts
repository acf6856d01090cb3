import { exchange } from '../../differential/http.ts'
import type { GivenAnswer } from './facts.ts'
import { type RecordedRequest, type Subjects, withSubjects } from './request.ts'

/** Sends a recorded request, about these subjects, to the admin API at this URL. Answers also what was sent as JSON. */
export async function send(
  admin: string,
  { method, path, body, raw, accept }: RecordedRequest,
  subjects: Subjects,
): Promise<{ readonly answer: GivenAnswer; readonly body: unknown }> {
  const text = body === undefined ? undefined : withSubjects(JSON.stringify(body), subjects)
  const type = raw === undefined ? (text === undefined ? undefined : 'application/json') : raw.type
  const answer = await exchange(admin + withSubjects(path, subjects), {
    method,
    headers: [
      ...(type === undefined ? [] : [['content-type', type] as const]),
      ...(accept === undefined ? [] : [['accept', accept] as const]),
    ],
    body: raw?.text ?? text,
  })
  return { answer, body: text === undefined ? undefined : JSON.parse(text) }
}
