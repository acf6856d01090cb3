import type { AttemptCommand } from '../../src/core/attempts.ts'
import type { InvocationTarget } from '../../src/core/invocation.ts'
import type { Frame } from '../../src/protocol/frame.ts'
import { Rig, type RigOptions } from './rig.ts'
import { allKinds, invocation } from './samples.ts'

/** Runs attempts that send given frames, and tells what was proposed for each. */
export class CommandRig {
  readonly #rig: Rig
  readonly #frames: Map<string, readonly Frame[]>

  private constructor(rig: Rig, frames: Map<string, readonly Frame[]>) {
    this.#rig = rig
    this.#frames = frames
  }

  static async start(options: Partial<RigOptions> = {}): Promise<CommandRig> {
    const frames = new Map<string, readonly Frame[]>()
    const rig = await Rig.start({
      ...options,
      deployment: { services: allKinds, ...options.deployment },
      script: (exchange) => {
        const contentType = exchange.headers['content-type']
        exchange.accept(contentType)
        for (const { type, payload, flags } of frames.get(String(exchange.headers['x-restate-invocation-id'])) ?? []) {
          exchange.send(type, payload, flags)
        }
      },
    })
    return new CommandRig(rig, frames)
  }

  /** The first `count` commands that an attempt with these frames proposes. */
  async send(target: InvocationTarget, frames: readonly Frame[], count: number): Promise<readonly AttemptCommand[]> {
    const subject = invocation({ target })
    this.#frames.set(subject.id, frames)
    this.#rig.run(subject)
    const { host } = this.#rig
    const own = () => host.commands.filter((command) => command.seq === subject.seq)
    while (own().length < count) await host.atLeast(host.proposals.length + 1)
    this.#rig.invoker.abort(subject.seq)
    return own()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rig[Symbol.asyncDispose]()
  }
}
