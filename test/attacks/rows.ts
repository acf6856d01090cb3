/** One kind of attack, and the test files that have it. */
export interface AttackRow {
  readonly what: string
  /** Below `test/`. Names of tests begin with `attack` and the number there, and nowhere else. */
  readonly files: readonly string[]
}

const atIngress = ['ingress/attacks.test.ts']
/** Attacks are carried out with shorter limits than those that hold unless somebody says otherwise. */
const byDefault = 'attacks/defaults.test.ts'
const carried = 'attacks/keys-and-headers.test.ts'
const misbehaving = ['e2e/bad-input.test.ts', 'invoker/malformed.test.ts', 'protocol/malformed.test.ts']

/** All attacks that this project keeps a list of, by their number. */
export const rows: Readonly<Record<number, AttackRow>> = {
  1: { what: 'framing of HTTP/1.1 that can be read in two ways', files: atIngress },
  2: { what: 'bare line feeds, no Host, two Hosts, another authority', files: atIngress },
  3: {
    what: 'a request that is smuggled behind another one',
    files: ['ingress/attacks.test.ts', 'e2e/nginx/proxy.test.ts'],
  },
  4: { what: 'too many headers, or too long', files: atIngress },
  5: { what: 'a body over the limit', files: [byDefault, ...atIngress] },
  6: { what: '10,000 slow uploads', files: atIngress },
  7: { what: 'headers that trickle in', files: [byDefault, ...atIngress] },
  8: { what: 'a body that trickles in', files: [byDefault, ...atIngress] },
  9: { what: 'connections that say nothing', files: [byDefault, ...atIngress] },
  10: { what: 'broken HTTP/2', files: atIngress },
  11: { what: 'HTTP/2 rapid reset', files: atIngress },
  12: { what: 'HTTP/2 header blocks without end', files: atIngress },
  13: { what: 'floods of PING, SETTINGS and empty DATA', files: atIngress },
  14: { what: 'a flood of tiny frames from a service', files: ['attacks/service.test.ts'] },
  15: { what: 'keys that look like paths', files: [carried] },
  16: { what: 'keys that are no UTF-8', files: [carried] },
  17: { what: 'SQL in keys and names', files: [carried] },
  18: { what: 'routes of admin at ingress', files: [carried] },
  19: { what: 'metrics and admin from outside', files: [carried] },
  20: { what: 'debug routes that change something', files: ['fabric/fabric-routes.test.ts'] },
  21: { what: 'DNS rebinding: a foreign Host at admin', files: ['listen/host-guard.test.ts'] },
  22: { what: 'a foreign Origin at admin', files: ['listen/host-guard.test.ts'] },
  23: { what: 'a form that posts to admin', files: ['attacks/browser.test.ts'] },
  24: { what: 'requests without a body from another site', files: ['attacks/browser.test.ts'] },
  25: { what: 'a page of an unknown origin at ingress', files: [carried] },
  26: { what: 'the Unix socket as another user', files: ['listen/socket-file.test.ts'] },
  27: { what: 'something planted where the Unix socket goes', files: ['listen/socket-file.test.ts'] },
  28: { what: 'a data directory that others can read', files: ['sealing/data-directory.test.ts'] },
  29: { what: 'credentials of callers, at rest', files: ['e2e/nginx/secrecy.test.ts'] },
  30: { what: 'secrets in query strings', files: ['e2e/nginx/secrecy.test.ts'] },
  31: { what: 'forged headers of the server', files: [carried, 'ingress/header-policy.test.ts'] },
  32: {
    what: 'reserved headers of a deployment',
    files: ['attacks/browser.test.ts', carried, 'registry/additional-headers.test.ts'],
  },
  33: { what: 'tokens and keys in logs', files: ['gcp/secrecy.test.ts'] },
  34: { what: 'SQL that changes or reads something else', files: ['query/limits.test.ts'] },
  35: { what: 'SQL that never ends', files: [byDefault, 'query/limits.test.ts'] },
  36: { what: 'registrations of what the server alone can reach', files: ['registry/attacks.test.ts'] },
  37: { what: 'discovery that redirects, or never ends', files: ['registry/attacks.test.ts'] },
  38: { what: 'a service that breaks the protocol', files: misbehaving },
  39: {
    what: 'a service that never ends, or writes behind its end',
    files: ['invoker/attempt-timeouts.test.ts', 'invoker/malformed.test.ts'],
  },
  40: { what: 'compression bombs', files: [carried, 'attacks/service.test.ts'] },
  41: { what: 'forged request identity', files: ['gcp/attacks.test.ts'] },
  42: { what: 'calls without the token that they need', files: ['gcp/attacks.test.ts'] },
  43: { what: 'audiences and accounts that are more than they seem', files: ['gcp/attacks.test.ts'] },
  44: { what: 'a token of one service that another one gets', files: ['gcp/two-services.test.ts'] },
}
