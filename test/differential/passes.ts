import type { RunningServer } from './official-server.ts'

export type Mode = 'two-way' | 'request/response'

/** One way to run the scenarios: how the SDK talks, and how its objects get their state. */
export interface Pass {
  readonly name: string
  readonly mode: Mode
  readonly state: 'eager' | 'lazy'
  /** What names of services end in. */
  readonly suffix: string
  /** Our server has `compatibility = "restate"`. */
  readonly likeRestate?: true
}

export const twoWay: Pass = { name: 'two-way', mode: 'two-way', state: 'eager', suffix: '' }
export const twoWayLazy: Pass = { name: 'two-way, lazy state', mode: 'two-way', state: 'lazy', suffix: '-lazy' }
export const requestResponse: Pass = {
  name: 'request/response',
  mode: 'request/response',
  state: 'eager',
  suffix: '-rr',
}
export const requestResponseLazy: Pass = {
  name: 'request/response, lazy state',
  mode: 'request/response',
  state: 'lazy',
  suffix: '-rr-lazy',
}

export const likeRestate: Pass = { ...twoWay, name: 'compatibility = "restate"', likeRestate: true }

/** For scenarios in which handlers do not matter. */
export const atIngress: readonly Pass[] = [twoWay, likeRestate]
/** Where nothing depends on what `compatibility` turns. */
export const likeThePeer: readonly Pass[] = [likeRestate]
export const oneMode: readonly Pass[] = [twoWay]
export const bothModes: readonly Pass[] = [twoWay, requestResponse]
export const bothStates: readonly Pass[] = [twoWay, twoWayLazy, requestResponse, requestResponseLazy]
export const allPasses: readonly Pass[] = [...bothStates, likeRestate]

export type SideName = 'official' | 'ours'

/** One of the two servers. */
export interface Side extends RunningServer {
  readonly name: SideName
  /** Its cluster name, by which the service process knows it. */
  readonly cluster: string
  /** The different requests that its ingress has had, to count them. */
  readonly ingressRequests: Set<string>
}

/** The service process of a mode. */
export interface Services {
  readonly uri: string
  readonly control: string
}
