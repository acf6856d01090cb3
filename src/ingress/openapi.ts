import type { ServiceRecord } from '../core/deployment.ts'
import type { Schema } from '../core/schema.ts'
import { mergedOpenApi } from '../openapi/document.ts'
import type { Answer } from './answer.ts'

/** The document of all public services. It is made when it is asked for, and kept until a service changes. */
export class OpenApi {
  readonly #schema: Schema
  readonly #url: string
  #services: readonly ServiceRecord[] | undefined
  #body: Uint8Array = new Uint8Array()

  /** Without an advertised address, services are where the document is. */
  constructor(schema: Schema, advertisedAddress: string | undefined) {
    this.#schema = schema
    this.#url = advertisedAddress?.startsWith('http') === true ? advertisedAddress : '/'
  }

  answer(): Answer {
    const services = [...this.#schema.services()].map(({ service }) => service)
    const known = this.#services
    // A record is never changed in place.
    const isSame = known?.length === services.length && services.every((service, index) => service === known[index])
    if (!isSame) {
      this.#body = Buffer.from(JSON.stringify(mergedOpenApi(services, this.#url)))
      this.#services = services
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: this.#body, outcome: 'completed' }
  }
}
