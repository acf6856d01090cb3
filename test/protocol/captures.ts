import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export const captureNames = ['v6-worked-example', 'v7-worked-example', 'v6-request-response', 'v6-scenarios'] as const

export interface RecordedFrame {
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
  /** Frames of both directions came in the order of these numbers. */
  readonly order: number
  /** As the recorder's own codec understood it. */
  readonly message: unknown
}

/** One direction of one recorded stream. */
export interface RecordedStream {
  readonly title: string
  readonly path: string
  readonly chunks: readonly Buffer[]
  readonly frames: readonly RecordedFrame[]
}

interface CaptureLine {
  readonly stream: number
  readonly dir: string
  readonly ev: 'headers' | 'data' | 'message'
  readonly headers?: Readonly<Record<string, string | number>>
  readonly hex?: string
  readonly text?: string
  readonly type?: string
  readonly type_id?: string
  readonly flags?: number
  readonly payload_hex?: string
  readonly msg?: unknown
}

/** Both directions of all streams of a capture, discovery included. */
export function readCapture(name: (typeof captureNames)[number]): readonly RecordedStream[] {
  const file = new URL(`captures/${name}.jsonl.gz`, import.meta.url)
  const lines: CaptureLine[] = gunzipSync(readFileSync(file))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const paths = new Map<number, string>()
  const streams = new Map<string, { path: string; chunks: Buffer[]; frames: RecordedFrame[] }>()
  for (const [order, line] of lines.entries()) {
    const path = line.headers?.[':path']
    if (typeof path === 'string') paths.set(line.stream, path)
    const title = `${name} stream ${line.stream} ${line.dir}`
    const stream = streams.get(title) ?? { path: paths.get(line.stream) ?? '', chunks: [], frames: [] }
    streams.set(title, stream)
    if (line.ev === 'data') stream.chunks.push(Buffer.from(line.hex ?? line.text ?? '', line.hex ? 'hex' : 'utf8'))
    if (line.ev === 'message') {
      stream.frames.push({
        name: line.type ?? '',
        type: Number(line.type_id),
        flags: line.flags ?? 0,
        payload: Buffer.from(line.payload_hex ?? '', 'hex'),
        order,
        message: line.msg,
      })
    }
  }
  return [...streams].map(([title, stream]) => ({ title, ...stream }))
}
