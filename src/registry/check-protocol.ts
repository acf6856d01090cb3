import { ProtocolVersionsDisjoint, StreamingUnsupported } from '../errors/registry.ts'
import { isDiscoverable, maxDiscoverableVersion, minDiscoverableVersion } from '../protocol/content-type.ts'
import type { Discovered } from './discover.ts'

export interface ProtocolRange {
  readonly min: number
  readonly max: number
}

/** TypeScript SDKs that offer more than they can do. */
const firstTypeScriptSdks = /^restate-sdk-typescript\/1\.[012]\./

/**
 * The protocol versions that a deployment offers. Throws `ProtocolVersionsDisjoint` when the server has none of them,
 * `StreamingUnsupported` when the deployment wants two-way streams where the transport has none.
 */
export function checkProtocol(at: string, discovered: Discovered): ProtocolRange {
  const { manifest, httpVersion, sdkVersion } = discovered
  const min = manifest.minProtocolVersion
  const max = firstTypeScriptSdks.test(sdkVersion ?? '') ? 1 : manifest.maxProtocolVersion
  if (!isDiscoverable(min, max)) {
    throw new ProtocolVersionsDisjoint(
      `the SDK of ${at} speaks the service protocol in versions ${min} to ${max}, this server in ` +
        `${minDiscoverableVersion} to ${maxDiscoverableVersion}. ` +
        (max < minDiscoverableVersion ? 'Update the SDK of the service.' : 'Update the server, or use an older SDK.'),
    )
  }
  if (manifest.protocolMode === 'BIDI_STREAM' && httpVersion === 'HTTP/1.0') {
    throw new StreamingUnsupported(
      `${at} asks for two-way streams, but answers in HTTP/1.0, which has none. Serve HTTP/2 or HTTP/1.1 there, check ` +
        'the proxy in between, or switch the SDK to request/response.',
    )
  }
  return { min, max }
}
