import type { DeploymentRecord } from '../../src/core/deployment.ts'
import type { Invocation } from '../../src/core/invocation.ts'
import { Schema } from '../../src/core/schema.ts'
import { Invoker, type InvokerOptions } from '../../src/invoker/invoker.ts'
import { type Exchange, FakeService, type Script } from './fake-service.ts'
import { RecordingHost } from './recording-host.ts'
import { defaults, deployment, invocation, invokerConfig, silentLog } from './samples.ts'

export const startTime = 1_000_500

export interface RigOptions {
  readonly script: Script
  readonly settings?: Parameters<typeof makeService>[1]
  readonly config?: Parameters<typeof invokerConfig>[0]
  readonly deployment?: Partial<DeploymentRecord>
  readonly invoker?: Partial<InvokerOptions>
}

function makeService(script: Script, settings?: ConstructorParameters<typeof FakeService>[1]): FakeService {
  return new FakeService(script, settings)
}

/** A fake service, a host that records, and an invoker between them. Time stands still; there is no jitter. */
export class Rig {
  readonly service: FakeService
  readonly host = new RecordingHost()
  readonly schema = new Schema()
  readonly invoker: Invoker
  #attempt = 0

  private constructor(service: FakeService, options: RigOptions) {
    this.service = service
    this.invoker = new Invoker({
      schema: this.schema,
      host: this.host,
      config: invokerConfig(options.config),
      defaults,
      log: silentLog,
      now: () => startTime,
      random: () => 0,
      ...options.invoker,
    })
  }

  static async start(options: RigOptions): Promise<Rig> {
    const service = makeService(options.script, options.settings)
    const uri = await service.listen()
    const rig = new Rig(service, options)
    rig.schema.put(deployment(uri, options.deployment))
    return rig
  }

  /** Orders an attempt with all of the journal. */
  run(subject: Invocation = invocation(), state?: ReadonlyMap<string, Uint8Array>): Invocation {
    const journalLength = subject.journal.length
    this.invoker.start({ invocation: subject, attempt: ++this.#attempt, journalLength, state })
    return subject
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.invoker.close()
    await this.service[Symbol.asyncDispose]()
  }
}

/** Waits for the first request. */
export async function firstExchange(rig: Rig): Promise<Exchange> {
  const until = performance.now() + 30_000
  while (rig.service.exchanges.length === 0) {
    if (performance.now() > until) throw new Error('no request came')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const [exchange] = rig.service.exchanges
  if (exchange === undefined) throw new Error('no request came')
  return exchange
}
