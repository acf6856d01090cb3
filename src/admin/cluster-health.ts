import type { AdminRoute } from './operation.ts'

/** The one node that a cluster has; nodes are numbered from 1. */
const NODE_ID = 1

/** `GET /cluster-health`: which nodes hold the cluster's metadata. A server here is a cluster of its own. */
export function clusterHealthRoutes(clusterName: string): AdminRoute[] {
  return [
    {
      path: '/cluster-health',
      methods: {
        GET: {
          handle: () => ({
            status: 200,
            json: { cluster_name: clusterName, metadata_cluster_health: { members: [NODE_ID] } },
          }),
        },
      },
    },
  ]
}
