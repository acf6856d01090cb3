export type ContentEncoding = 'zstd' | 'br' | 'gzip'

/** Of encodings that a client likes alike, the first is taken, as in the admin API 1.7.12. */
const PREFERRED: readonly ContentEncoding[] = ['zstd', 'br', 'gzip']

/** RFC 9110, 12.4.2: 0 to 1, three decimal places at most. */
const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

/**
 * What a body should be encoded with for this `Accept-Encoding`; `undefined` for not at all. An encoding counts where it is named: `*`
 * stands for none, and one whose quality cannot be read is passed over.
 */
export function negotiateEncoding(acceptEncoding: string | undefined): ContentEncoding | undefined {
  if (acceptEncoding === undefined) return undefined
  const qualities = new Map<string, number>()
  for (const item of acceptEncoding.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim())
    const quality = qualityOf(parameters)
    if (quality === undefined) continue
    const encoding = name.toLowerCase() === 'x-gzip' ? 'gzip' : name.toLowerCase()
    qualities.set(encoding, Math.max(quality, qualities.get(encoding) ?? 0))
  }
  let best: ContentEncoding | undefined
  let bestQuality = qualities.get('identity') ?? 0
  for (const encoding of PREFERRED) {
    const quality = qualities.get(encoding) ?? 0
    // No compression counts least of those that are liked alike.
    if (quality === 0 || quality < bestQuality || (best !== undefined && quality === bestQuality)) continue
    best = encoding
    bestQuality = quality
  }
  return best
}

function qualityOf([quality, ...more]: readonly string[]): number | undefined {
  if (quality === undefined) return 1
  const match = more.length === 0 ? QUALITY.exec(quality) : null
  return match === null ? undefined : Number(match[1])
}
