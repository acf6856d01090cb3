import type { FastifyInstance } from 'fastify'

interface KnownPath {
  /** Between the slashes; parameters begin with a colon, and a final `*` is everything else. */
  readonly segments: readonly string[]
  /** The value of `Allow`. */
  readonly allow: string
}

/**
 * Which methods a path has, for requests that no route takes: 405 with `Allow` for a path that has others, 404 for one that
 * does not exist, both without a body. A route for each method that a path does not have would be most routes of the app.
 */
export class KnownPaths {
  readonly #paths: KnownPath[] = []

  add(path: string, methods: Iterable<string>): void {
    this.#paths.push({ segments: path.split('/'), allow: [...methods].join(',') })
  }

  /** The methods of a path as it is routed, without its query. */
  allowOf(path: string): string | undefined {
    const segments = path.split('/').map(decoded)
    return this.#paths.find((known) => isOf(known.segments, segments))?.allow
  }

  /** Answers before a body is read, whatever its type. */
  answerFor(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      if (!request.is404) {
        done()
        return
      }
      const allow = this.allowOf(request.url.split('?', 1)[0] ?? '')
      if (allow === undefined) reply.code(404).send()
      else reply.code(405).header('allow', allow).send()
    })
  }
}

function isOf(pattern: readonly string[], segments: readonly string[]): boolean {
  for (const [at, expected] of pattern.entries()) {
    if (expected === '*') return segments.length > at
    const segment = segments[at]
    if (expected.startsWith(':') ? segment === undefined || segment === '' : segment !== expected) return false
  }
  return segments.length === pattern.length
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
