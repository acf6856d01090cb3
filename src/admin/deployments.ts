import type { DeploymentRecord } from '../core/deployment.ts'
import type { DeploymentId } from '../core/ids.ts'
import type { Schema } from '../core/schema.ts'
import { AdminConflict, AdminMethodDeprecated, AdminNotFound } from '../errors/admin.ts'
import type { Registration, Registry } from '../registry/registry.ts'
import { deploymentFor } from './auth/masked-views.ts'
import { parseDeploymentIdParameter } from './deployment-id.ts'
import { deploymentDetail, deploymentItem, registrationModel } from './deployment-model.ts'
import { readDeploymentUpdate, readRegistration } from './deployment-request.ts'
import type { AdminCall, AdminRoute, Answer, ApiVersion, Operation } from './operation.ts'
import { booleanParameter } from './query-string.ts'
import type { ServiceDefaults } from './service-model.ts'

/** What an update can change; their values may be secrets. */
const CHANGES = ['uri', 'additionalHeaders', 'auth', 'useHttp11'] as const

/** Deployments, in the order in which they were registered. */
export function deploymentRoutes(
  schema: Schema,
  registry: Pick<Registry, 'register' | 'updateDeployment' | 'remove'>,
  defaults: ServiceDefaults,
): AdminRoute[] {
  const existing = (id: DeploymentId): DeploymentRecord => {
    const deployment = schema.deployment(id)
    if (deployment === undefined) throw new AdminNotFound(`The requested deployment '${id}' does not exist`)
    return deployment
  }

  const update: Operation = {
    jsonBody: true,
    audit: 'deployment.update',
    async handle({ params, body, signal, note }) {
      const current = existing(parseDeploymentIdParameter(params.deployment ?? ''))
      const change = readDeploymentUpdate(body, current)
      note({
        deploymentId: current.id,
        uri: addressForLog(change.uri ?? current.uri),
        changes: CHANGES.filter((name) => change[name] !== undefined),
        overwrite: change.overwrite,
        dryRun: change.dryRun,
      })
      const deployment = await registry.updateDeployment(current.id, { ...change, signal })
      return {
        status: 200,
        json: deploymentDetail(deployment, defaults),
        audit: {
          uri: addressForLog(deployment.uri),
          auth: deployment.auth,
        },
      }
    },
  }

  return [
    {
      path: '/deployments',
      methods: {
        GET: {
          handle({ role }) {
            const deployments = [...schema.deployments()].sort(byCreation)
            const items = deployments.map((deployment) => deploymentItem(deploymentFor(role, deployment)))
            return { status: 200, json: { deployments: items } }
          },
        },
        POST: {
          jsonBody: true,
          audit: 'deployment.register',
          async handle({ body, signal, apiVersion, note }) {
            const request = readRegistration(body, apiVersion)
            note({ uri: addressForLog(request.uri), force: request.force, dryRun: request.dryRun })
            const registration = await registry.register({ ...request, signal })
            const { deployment, outcome } = registration
            return {
              status: registrationStatus(registration, apiVersion),
              headers: { location: `deployments/${deployment.id}` },
              json: registrationModel(registration, defaults),
              audit: {
                deploymentId: deployment.id,
                uri: addressForLog(deployment.uri),
                auth: deployment.auth,
                outcome,
              },
            }
          },
        },
      },
    },
    {
      path: '/deployments/:deployment',
      methods: {
        GET: {
          handle({ params, role }) {
            const deployment = existing(parseDeploymentIdParameter(params.deployment ?? ''))
            return { status: 200, json: deploymentDetail(deploymentFor(role, deployment), defaults) }
          },
        },
        PATCH: update,
        PUT: { ...update, checkVersion: refuseNewPut },
        DELETE: {
          audit: 'deployment.remove',
          handle: (call) => remove(call, schema, registry),
        },
      },
    },
  ]
}

function refuseNewPut(apiVersion: ApiVersion | undefined): void {
  if (apiVersion === 2) return
  throw new AdminMethodDeprecated('PUT deployment is deprecated, use PATCH instead')
}

async function remove(call: AdminCall, schema: Schema, registry: Pick<Registry, 'remove'>): Promise<Answer> {
  const id = parseDeploymentIdParameter(call.params.deployment ?? '')
  // Removal that waits until a deployment has drained does not exist, here as in the peer.
  if (booleanParameter(call.query, 'force') !== true) return { status: 501, audit: { deploymentId: id } }
  if (schema.deployment(id) === undefined) {
    throw new AdminNotFound(`not found in the schema registry: deployment with id '${id}'`)
  }
  await registry.remove(id)
  return { status: 202, audit: { deploymentId: id } }
}

/** 201 for what is new; `/v2` also for what was overwritten, and it knew no "already there". */
function registrationStatus({ outcome, deployment }: Registration, apiVersion: ApiVersion | undefined): number {
  if (outcome === 'created') return 201
  if (apiVersion !== 2) return 200
  if (outcome === 'overwritten') return 201
  throw new AdminConflict(`Conflict: deployment ${deployment.id} already exists`)
}

function byCreation(a: DeploymentRecord, b: DeploymentRecord): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}

/** Without query, user and password, which may be secrets; what cannot be read may hold one anywhere. */
function addressForLog(uri: string): string {
  const url = URL.parse(uri)
  return url === null ? '(unreadable)' : `${url.protocol}//${url.host}${url.pathname}`
}
