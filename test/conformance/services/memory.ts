import { type Context, service } from '@restatedev/restate-sdk'

const notes = new Map<string, unknown[]>()

/** Keeps what a handler did, beside everything that is durable. Returns how often the name has been noted. */
export function note(name: string, value: unknown = null): number {
  const values = notes.get(name) ?? []
  values.push(value)
  notes.set(name, values)
  return values.length
}

/** The number of this attempt of the invocation; the first is 1. */
export function beginAttempt(ctx: Context): number {
  return note(`attempts ${ctx.request().id}`)
}

/** By which the tests read what has been noted. */
export const memory = service({
  name: 'Memory',
  handlers: {
    async noted(_ctx: Context, name: string) {
      return notes.get(name) ?? []
    },
  },
})
