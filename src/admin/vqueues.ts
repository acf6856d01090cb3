import { AdminField, AdminNotSupported } from '../errors/admin.ts'
import type { AdminRoute, Operation } from './operation.ts'
import { resourceIdProblem } from './resource-id.ts'

/** `POST /vqueues/{id}/pause` and `/resume`. Nothing is queued in vqueues here, and so none is paused in silence. */
export function vqueueRoutes(): AdminRoute[] {
  return (['pause', 'resume'] as const).map((name) => ({
    path: `/vqueues/:vqueue/${name}`,
    methods: { POST: operation(name) },
  }))
}

function operation(name: 'pause' | 'resume'): Operation {
  return {
    audit: `vqueue.${name}`,
    handle({ params: { vqueue = '' } }) {
      const problem = resourceIdProblem(vqueue, 'vq')
      if (problem !== undefined) throw new AdminField(`The request field 'vqueue_id' is invalid. Reason: ${problem}`)
      throw new AdminNotSupported(
        `perdure has no vqueues. To ${name} single invocations, use PATCH /invocations/{id}/${name}`,
      )
    },
  }
}
