import { Compute, type Credentials, type gaxios } from 'google-auth-library'
import { AnswerUnusable } from './answer-unusable.ts'

const path = '/computeMetadata/v1/instance/service-accounts/default'

/**
 * The library's client of the metadata server, with its two requests made through our transport. The library's own go
 * through a global one that nothing can abort, that uses any configured HTTP proxy, that prints tokens when debug
 * logging is on, and that puts the audience into the query as it is.
 */
export class MetadataServerClient extends Compute {
  readonly #origin: string

  constructor(origin: string, transporter: gaxios.Gaxios, scopes: string[]) {
    super({ transporter, useAuthRequestParameters: false, scopes })
    this.#origin = origin
  }

  override async fetchIdToken(targetAudience: string): Promise<string> {
    // `full` adds the e-mail address, by which Cloud Run's audit log names the caller.
    return await this.#get('identity', { audience: targetAudience, format: 'full' })
  }

  protected override async refreshTokenNoCache(): Promise<{ tokens: Credentials; res: null }> {
    const answer: unknown = JSON.parse(await this.#get('token', { scopes: this.scopes.join(',') }))
    const fields = typeof answer === 'object' && answer !== null ? { ...answer } : {}
    if (!('access_token' in fields) || typeof fields.access_token !== 'string') {
      throw new AnswerUnusable('the metadata server answered without an access token')
    }
    // The client lives for one mint, so it matters little how long the token does.
    return { tokens: { access_token: fields.access_token, expiry_date: Date.now() + 3_600_000 }, res: null }
  }

  async #get(property: string, params: Record<string, string>): Promise<string> {
    const url = new URL(`${this.#origin}${path}/${property}`)
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
    const response = await this.transporter.request<string>({
      url,
      headers: { 'Metadata-Flavor': 'Google' },
      responseType: 'text',
    })
    if (response.headers.get('metadata-flavor') !== 'Google') {
      throw new AnswerUnusable('what answered is not a metadata server: the header Metadata-Flavor: Google is missing')
    }
    return response.data
  }
}
