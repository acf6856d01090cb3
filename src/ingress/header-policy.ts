import type { IngressConfig } from '../config/config.ts'
import { headerPatternProblem, isReservedHeader, isSensitiveHeader, isTransportHeader } from '../config/header-names.ts'
import type { Header } from '../core/journal.ts'
import { IngressBadHeader, IngressBadHeaderPattern } from '../errors/ingress.ts'

/**
 * What becomes of a header, and why:
 * `explicit`, `wildcard`: journaled, because the list has its name or a pattern; `compatible`: journaled as the peer does;
 * `transport`: part of the exchange with the caller; `reserved`: `x-restate-*` and the subject header, which only the server
 * sets; `credential`: ingress knows callers by it; `sensitive`: looks like a credential or an identity, and no entry spells it
 * out; `unlisted`: all others.
 */
export type HeaderClass = 'explicit' | 'wildcard' | 'compatible' | DropClass

export type DropClass = (typeof dropClasses)[number]

export const dropClasses = ['transport', 'reserved', 'credential', 'sensitive', 'unlisted'] as const

export function noDrops(): Record<DropClass, number> {
  return { transport: 0, reserved: 0, credential: 0, sensitive: 0, unlisted: 0 }
}

export interface HeaderDecision {
  /** In lower case. */
  readonly name: string
  readonly kept: boolean
  readonly class: HeaderClass
}

export type HeaderPolicyConfig = Pick<IngressConfig, 'headerPolicy' | 'headerAllowList' | 'headerAllowListExtra'>

export interface HeaderPolicyOptions {
  /** Where to count. */
  readonly dropped?: Record<DropClass, number>
  /** Names, in lower case, of headers that callers prove who they are with: never journaled, whatever the lists say. */
  readonly credentialHeaders?: readonly string[]
  /** The header, in lower case, that holds the verified subject. */
  readonly subjectHeader?: string | undefined
}

/** What the peer keeps out of the journal; everything else goes in (Restate 1.7.12, ingress). */
const droppedByPeer: ReadonlySet<string> = new Set(['connection', 'host', 'idempotency-key', 'idempotency-expires'])

const ingressPathHeader = 'x-restate-ingress-path'

// Names come from callers: the cache is bounded, and starts anew when somebody fills it with invented ones.
const maxCachedNames = 1024

/** Decides which headers of a call are journaled, and with them are seen by the handler. */
export class HeaderPolicy {
  /** How many fields have been dropped, by class. Counts only rise. */
  readonly dropped: Record<DropClass, number>
  readonly #compatible: boolean
  readonly #credentialHeaders: ReadonlySet<string>
  readonly #subjectHeader: string | undefined
  readonly #exact = new Set<string>()
  readonly #prefixes: string[] = []
  readonly #decisions = new Map<string, DroppedOrKept>()

  /** Throws `IngressBadHeaderPattern` when an entry of a list can never have an effect. */
  constructor(config: HeaderPolicyConfig, options: HeaderPolicyOptions = {}) {
    this.dropped = options.dropped ?? noDrops()
    this.#compatible = config.headerPolicy === 'restate-compatible'
    this.#credentialHeaders = new Set(options.credentialHeaders)
    this.#subjectHeader = options.subjectHeader
    for (const pattern of [...config.headerAllowList, ...config.headerAllowListExtra])
      this.#allow(pattern.toLowerCase())
  }

  /** What would become of a header of this name. */
  explain(name: string): HeaderDecision {
    return this.#decide(name.toLowerCase())
  }

  /**
   * The headers to journal: `x-restate-ingress-path`, the subject, if there is one and a header for it, and what is kept of
   * `rawHeaders` (name, value, name, value … as Node has them), in order of first occurrence, names in lower case. Repeated
   * fields become one, joined as HTTP says; with the peer's policy the first one counts. Throws `IngressBadHeader` when a
   * kept value is not visible ASCII.
   */
  select(rawHeaders: readonly string[], ingressPath: string, subject?: string): Header[] {
    const selected: [string, string][] = [[ingressPathHeader, ingressPath]]
    if (subject !== undefined && this.#subjectHeader !== undefined) selected.push([this.#subjectHeader, subject])
    let hopByHop: ReadonlySet<string> | undefined
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const rawName = rawHeaders[i] ?? ''
      const value = rawHeaders[i + 1] ?? ''
      const decision = this.#decisions.get(rawName) ?? this.#remember(rawName)
      if (!decision.kept) {
        this.dropped[decision.class]++
        continue
      }
      if (!this.#compatible) {
        hopByHop ??= connectionOptions(rawHeaders)
        if (hopByHop.has(decision.name)) {
          this.dropped.transport++
          continue
        }
      }
      if (!visibleAscii.test(value)) {
        throw new IngressBadHeader(`the value of header ${decision.name} has bytes that are not visible ASCII`)
      }
      const earlier = findHeader(selected, decision.name)
      if (earlier === undefined) selected.push([decision.name, value])
      // A cookie that HTTP/2 split comes together again with its own separator (RFC 9113 section 8.2.3).
      else if (!this.#compatible) earlier[1] += (decision.name === 'cookie' ? '; ' : ', ') + value
    }
    return selected
  }

  /** By the name as it was received, so that a header costs one look-up. */
  #remember(rawName: string): DroppedOrKept {
    if (this.#decisions.size >= maxCachedNames) this.#decisions.clear()
    const decision = this.#decide(rawName.toLowerCase())
    this.#decisions.set(rawName, decision)
    return decision
  }

  #decide(name: string): DroppedOrKept {
    const isTransport = this.#compatible ? name.startsWith(':') || droppedByPeer.has(name) : isTransportHeader(name)
    if (isTransport) return { name, kept: false, class: 'transport' }
    if (isReservedHeader(name) || name === this.#subjectHeader) return { name, kept: false, class: 'reserved' }
    if (this.#credentialHeaders.has(name)) return { name, kept: false, class: 'credential' }
    if (this.#compatible) return { name, kept: true, class: 'compatible' }
    if (this.#exact.has(name)) return { name, kept: true, class: 'explicit' }
    if (isSensitiveHeader(name)) return { name, kept: false, class: 'sensitive' }
    if (this.#prefixes.some((prefix) => name.startsWith(prefix))) return { name, kept: true, class: 'wildcard' }
    return { name, kept: false, class: 'unlisted' }
  }

  #allow(pattern: string): void {
    const problem = headerPatternProblem(pattern)
    if (problem !== undefined) {
      throw new IngressBadHeaderPattern(`${JSON.stringify(pattern)} in the header allow list: ${problem}`)
    }
    if (pattern.endsWith('*')) this.#prefixes.push(pattern.slice(0, -1))
    else this.#exact.add(pattern)
  }
}

type DroppedOrKept =
  | { readonly name: string; readonly kept: false; readonly class: DropClass }
  | { readonly name: string; readonly kept: true; readonly class: Exclude<HeaderClass, DropClass> }

const visibleAscii = /^[\t\x20-\x7e]*$/
const noOptions: ReadonlySet<string> = new Set()

/** The names that `Connection` declares to be for this hop only (RFC 9110 section 7.6.1). */
function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> {
  let options: Set<string> | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length !== 10 || name.toLowerCase() !== 'connection') continue
    for (const option of (rawHeaders[i + 1] ?? '').split(',')) {
      options ??= new Set()
      options.add(option.trim().toLowerCase())
    }
  }
  return options ?? noOptions
}

function findHeader(headers: readonly [string, string][], name: string): [string, string] | undefined {
  for (const header of headers) if (header[0] === name) return header
  return undefined
}
