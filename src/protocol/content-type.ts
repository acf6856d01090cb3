/** Protocol versions that a deployment may offer to be registered. */
export const minDiscoverableVersion = 5
export const maxDiscoverableVersion = 7

/** The newest version that invocations are started with, unless V7 is enabled. */
export const defaultInvocationVersion = 6

/** The newest version that an invocation may have been started with. */
export const maxInvocationVersion = 7

/** Whether a deployment that offers [min, max] can be registered at all. */
export function isDiscoverable(min: number, max: number): boolean {
  return min <= maxDiscoverableVersion && max >= minDiscoverableVersion
}

/**
 * The version for a new invocation on a deployment that offers [min, max], at most `newest`; `undefined` if the server
 * speaks none of them. A deployment can be registered and still not run: one that needs version 7.
 */
export function invocationVersion(min: number, max: number, newest = defaultInvocationVersion): number | undefined {
  const version = Math.min(max, newest)
  return version >= min && version >= minDiscoverableVersion ? version : undefined
}

/** Request and response of an invocation carry exactly this, without parameters. */
export function invocationContentType(version: number): string {
  return `application/vnd.restate.invocation.v${version}`
}

/** Media types of the endpoint manifest, versions 1 to 4. A response has exactly one of them, without parameters. */
export const manifestMediaTypes: readonly string[] = [1, 2, 3, 4].map(
  (version) => `application/vnd.restate.endpointmanifest.v${version}+json`,
)

/** The `accept` value of discovery: SDKs take the newest version that they know. */
export const manifestAccept = manifestMediaTypes.join(', ')

/** The manifest version of a response's content type; `undefined` for any other text. Case matters. */
export function manifestVersionOf(contentType: string | undefined): number | undefined {
  const index = contentType === undefined ? -1 : manifestMediaTypes.indexOf(contentType)
  return index < 0 ? undefined : index + 1
}
