import type { NewInvocation } from '../../src/core/invocation.ts'

/** Targets for the pure core, as overrides of a request. */
export const exclusive = (key: string): Partial<NewInvocation> => ({
  target: { service: 'Cell', serviceType: 'VirtualObject', key, handler: 'push', handlerType: 'Exclusive' },
})

export const shared = (key: string): Partial<NewInvocation> => ({
  target: { service: 'Cell', serviceType: 'VirtualObject', key, handler: 'list', handlerType: 'Shared' },
})

export const workflowRun = (key: string): Partial<NewInvocation> => ({
  target: { service: 'Flow', serviceType: 'Workflow', key, handler: 'run', handlerType: 'Workflow' },
})

export const workflowShared = (key: string): Partial<NewInvocation> => ({
  target: { service: 'Flow', serviceType: 'Workflow', key, handler: 'await', handlerType: 'Shared' },
})
