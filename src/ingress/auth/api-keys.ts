import { apiKeyProblem } from '../../config/collection-types.ts'
import type { IngressAuthConfig } from '../../config/config.ts'
import { IngressBadAuthConfig } from '../../errors/ingress.ts'
import { digestOf, type HashedKey, HashedKeys } from '../../keys/hashed-keys.ts'
import type { Logger } from '../../telemetry/logger.ts'

/** The API keys of callers. */
export class ApiKeys {
  readonly #keys: HashedKeys<HashedKey>

  /** Throws `IngressBadAuthConfig` when the file cannot be read or has a line that is no API key. */
  constructor(
    { apiKeys, apiKeysFile }: Pick<IngressAuthConfig, 'apiKeys' | 'apiKeysFile'>,
    { now, log }: { readonly now: () => number; readonly log: Logger },
  ) {
    this.#keys = new HashedKeys({
      what: 'api-keys',
      fixed: Object.entries(apiKeys).map(([name, hash]) => ({ name, digest: digestOf(hash) })),
      file:
        apiKeysFile === undefined
          ? undefined
          : { path: apiKeysFile, what: 'API keys', isPrivate: false, parse: parseLine, BadFile: IngressBadAuthConfig },
      now,
      log,
    })
  }

  /** Reads the file again. Throws `IngressBadAuthConfig` when it cannot be used; the keys before stay. */
  reload(): void {
    this.#keys.reload()
  }

  /** The name of a key. It takes the same time for all keys, known or not. */
  subjectOf(key: string): string | undefined {
    return this.#keys.find(key)?.name
  }
}

function parseLine([name = '', hash = '', ...more]: readonly string[]): HashedKey | string {
  if (more.length > 0) return 'it has more than a name and a hash'
  return apiKeyProblem(name, hash) ?? { name, digest: digestOf(hash) }
}
