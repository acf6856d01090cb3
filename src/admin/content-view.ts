import { isUtf8 } from 'node:buffer'

/** Bytes of one value that are shown; of a longer one the beginning. */
export const MAX_SHOWN_BYTES = 64 * 1024

/** A value of a journal for people: text where it is text, base64 where it is not. */
export interface ContentView {
  readonly text?: string
  readonly base64?: string
  readonly size_bytes: number
  readonly truncated?: true
}

export function contentView(content: Uint8Array): ContentView {
  const truncated = content.length > MAX_SHOWN_BYTES ? ({ truncated: true } as const) : {}
  const shown = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, MAX_SHOWN_BYTES))
  if (isUtf8(content)) {
    // The cut may fall into a character; what is left of it decodes as U+FFFD, which was not there.
    const text = shown.toString('utf8')
    return {
      text: 'truncated' in truncated ? text.replace(/\ufffd+$/, '') : text,
      size_bytes: content.length,
      ...truncated,
    }
  }
  return { base64: shown.toString('base64'), size_bytes: content.length, ...truncated }
}
