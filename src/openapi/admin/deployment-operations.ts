import type { AdminOperation, AdminOperations } from './operation.ts'
import { flag, json, noBody, ref } from './schema-terms.ts'

const update: Omit<AdminOperation, 'id' | 'summary'> = {
  tag: 'deployment',
  body: ref('UpdateDeploymentRequest'),
  success: { 200: json(ref('DetailedDeploymentResponse')) },
  errors: [400, 404, 409, 500, 503],
}

export const deploymentOperations: AdminOperations = {
  'GET /deployments': {
    id: 'list_deployments',
    tag: 'deployment',
    summary: 'Deployments, oldest first',
    success: { 200: json(ref('ListDeploymentsResponse')) },
  },
  'POST /deployments': {
    id: 'create_deployment',
    tag: 'deployment',
    summary: 'Discover and register',
    description:
      '201 for a new one, 200 for one that was there. Under /v2, 201 for one that was overwritten, and 409 for one that was not.',
    body: ref('RegisterDeploymentRequest'),
    success: { 200: json(ref('RegisterDeploymentResponse')), 201: json(ref('RegisterDeploymentResponse')) },
    location: true,
    errors: [400, 409, 500, 503],
  },
  'GET /deployments/{deployment}': {
    id: 'get_deployment',
    tag: 'deployment',
    summary: 'One deployment, with its services',
    success: { 200: json(ref('DetailedDeploymentResponse')) },
    errors: [400, 404],
  },
  'PATCH /deployments/{deployment}': {
    ...update,
    id: 'update_deployment',
    summary: 'Change how a deployment is reached, or discover it again',
  },
  'PUT /deployments/{deployment}': {
    ...update,
    id: 'replace_deployment',
    summary: 'The update under /v2; 405 elsewhere',
    deprecated: true,
    errors: [400, 404, 405, 409, 500, 503],
  },
  'DELETE /deployments/{deployment}': {
    id: 'delete_deployment',
    tag: 'deployment',
    summary: 'Remove a deployment; its services fall back to the highest revision left',
    query: { force: { schema: flag(), description: 'Must be true: nothing waits until a deployment has drained.' } },
    success: { 202: noBody },
    errors: [400, 404, 501, 503],
    errorBodies: { 501: noBody },
  },
}
