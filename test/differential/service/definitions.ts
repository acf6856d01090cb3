import {
  type Context,
  handlers,
  type ObjectContext,
  type ObjectSharedContext,
  object,
  serde,
  service,
  type WorkflowContext,
  type WorkflowSharedContext,
  workflow,
} from '@restatedev/restate-sdk'
import { Interpreter, type Surroundings } from './interpreter.ts'
import type { Json, Program } from './program.ts'

const quickRetries = { initialInterval: 20, maxInterval: 100, exponentiationFactor: 1.5 }

/** The services of all scenarios but those that register their own. */
export function definitions(surroundings: Surroundings, enableLazyState: boolean) {
  const { suffix } = surroundings
  const interpret = (ctx: Context, program: Program): Promise<Json[]> => new Interpreter(ctx, surroundings).run(program)
  const handler = (ctx: Context, program: Program) => interpret(ctx, program)

  return [
    service({
      name: `Script${suffix}`,
      handlers: { run: handler, secret: handlers.handler({ ingressPrivate: true }, handler) },
      options: { retryPolicy: quickRetries },
    }),
    service({ name: `Private${suffix}`, handlers: { run: handler }, options: { ingressPrivate: true } }),
    service({
      name: `Limited${suffix}`,
      handlers: {
        kill: handlers.handler({ retryPolicy: { ...quickRetries, maxAttempts: 3, onMaxAttempts: 'kill' } }, handler),
        pause: handlers.handler({ retryPolicy: { ...quickRetries, maxAttempts: 3, onMaxAttempts: 'pause' } }, handler),
        slow: handlers.handler({ retryPolicy: { initialInterval: 60_000 } }, handler),
        slowAndFew: handlers.handler(
          { retryPolicy: { initialInterval: 60_000, maxAttempts: 3, onMaxAttempts: 'kill' } },
          handler,
        ),
      },
    }),
    service({
      name: `Brief${suffix}`,
      handlers: {
        noJournal: handlers.handler({ journalRetention: 0 }, handler),
        nothing: handlers.handler({ journalRetention: 0, idempotencyRetention: 0 }, handler),
        second: handlers.handler({ idempotencyRetention: 1000 }, handler),
      },
    }),
    service({
      name: `Impatient${suffix}`,
      handlers: {
        suspends: handlers.handler({ inactivityTimeout: 100 }, handler),
        aborts: handlers.handler({ inactivityTimeout: 100, abortTimeout: 100, retryPolicy: quickRetries }, handler),
      },
    }),
    service({ name: `Explicit${suffix}`, handlers: { run: handler }, options: { explicitCancellation: true } }),
    service({
      name: `Raw${suffix}`,
      handlers: {
        bytes: handlers.handler(
          { input: serde.binary, output: serde.binary },
          async (_ctx: Context, body: Uint8Array) => body,
        ),
        text: handlers.handler(
          { accept: 'text/*', input: serde.binary, output: serde.binary },
          async (_ctx, body) => body,
        ),
        nothing: handlers.handler({ input: serde.empty, output: serde.empty }, async () => {}),
        json: async (_ctx: Context, body: Json | undefined) => body,
        isUndefined: async (_ctx: Context, body: Json | undefined) => body === undefined,
        length: async (_ctx: Context, body: string) => body.length,
        letters: async (_ctx: Context, count: number) => 'x'.repeat(count),
      },
    }),
    object({
      name: `Object${suffix}`,
      handlers: {
        run: (ctx: ObjectContext, program: Program) => interpret(ctx, program),
        look: handlers.object.shared((ctx: ObjectSharedContext, program: Program) => interpret(ctx, program)),
        limited: handlers.object.exclusive(
          { retryPolicy: { ...quickRetries, maxAttempts: 2, onMaxAttempts: 'pause' } },
          (ctx: ObjectContext, program: Program) => interpret(ctx, program),
        ),
      },
      options: { enableLazyState, retryPolicy: quickRetries },
    }),
    workflow({
      name: `Flow${suffix}`,
      handlers: {
        run: (ctx: WorkflowContext, program: Program) => interpret(ctx, program),
        ask: handlers.workflow.shared((ctx: WorkflowSharedContext, program: Program) => interpret(ctx, program)),
      },
      options: { enableLazyState, retryPolicy: quickRetries },
    }),
  ]
}

export type RevisionKind = 'service' | 'object' | 'without-run'

/** One revision of a service that a scenario deploys by itself. */
export function revision(name: string, kind: RevisionKind, surroundings: Surroundings) {
  const interpret = (ctx: Context, program: Program): Promise<Json[]> => new Interpreter(ctx, surroundings).run(program)
  const options = { retryPolicy: quickRetries }
  switch (kind) {
    case 'service':
      return service({
        name,
        handlers: { run: interpret, gone: (ctx: Context, program: Program) => interpret(ctx, program) },
        options,
      })
    case 'without-run':
      return service({ name, handlers: { other: interpret }, options })
    case 'object':
      return object({
        name,
        handlers: { run: (ctx: ObjectContext, program: Program) => interpret(ctx, program) },
        options,
      })
  }
}
