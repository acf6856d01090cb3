import { isIP } from 'node:net'
import { isLoopbackAddress } from '../config/address-types.ts'
import type { Config } from '../config/config.ts'
import { egressLoosenings } from '../invoker/egress/egress-loosenings.ts'
import { advice, type Finding, ok, open, type SecurityCheck, type SecurityFacts } from './security-check.ts'

/** Where the server connects to, and how it proves who it is. */
export const outboundChecks: readonly SecurityCheck[] = [
  { name: 'egress', look: ({ config }) => egress(config) },
  { name: 'request-identity', look: requestIdentity },
  { name: 'deployments', look: deployments },
]

function egress({ egress: rules, ingress, admin, fabric }: Config): Finding {
  const [first, ...more] = egressLoosenings(rules, [ingress.bindPort, admin.bindPort, fabric.bindPort])
  if (first !== undefined) {
    return open(
      `${first}${more.length === 0 ? '' : `, and ${more.length} more such entries`}; take it out if it is not meant`,
    )
  }
  if (rules.mode === 'strict')
    return ok(`only what the ${rules.allow.length} entries of egress.allow name is reachable`)
  return advice(
    'deployments may be anywhere but at metadata services, reserved addresses and own ports: egress.mode = "strict" with ' +
      'egress.allow narrows that down',
  )
}

function requestIdentity({ config, fileProblem, exists, deployments: known }: SecurityFacts): Finding {
  const { requestIdentityPrivateKeyPemFile: file, requestIdentityNextPrivateKeyPemFile: next } = config.worker.invoker
  if (file === undefined) {
    const lack = 'services cannot tell requests of this server from others'
    const how =
      'make a key with perdure identity generate, and set worker.invoker.request-identity-private-key-pem-file'
    return known !== undefined && known.length > 0 && known.every(({ hasAuth }) => hasAuth)
      ? advice(`every deployment gets Google ID tokens, but by themselves ${lack}: ${how}`)
      : open(`${lack}: ${how}`)
  }
  const problem = fileProblem(file)
  if (problem !== undefined) return open(problem)
  // There need not be a next one.
  const nextProblem = next === undefined || !exists(next) ? undefined : fileProblem(next)
  return nextProblem === undefined ? ok('requests to services are signed') : open(nextProblem)
}

function deployments({ deployments: known }: SecurityFacts): Finding {
  if (known === undefined)
    return advice('the deployments cannot be read from the data directory; see restate deployments list')
  const plain = known.map(({ uri }) => uri).filter(isPlainBeyondThisMachine)
  if (plain.length === 0) return ok('none is reached over plain http beyond this machine')
  const shown = plain.slice(0, 3).join(', ')
  return open(
    `${plain.length} of ${known.length} are reached over plain http: ${shown}${plain.length > 3 ? ', …' : ''}. Inputs, results ` +
      'and state cross the network in clear: register them with https://, or let a mesh encrypt that way',
  )
}

function isPlainBeyondThisMachine(uri: string): boolean {
  const url = URL.parse(uri)
  if (url === null || url.protocol !== 'http:') return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return host !== 'localhost' && !(isIP(host) !== 0 && isLoopbackAddress(host))
}
