import { MessageTooLarge } from '../errors/protocol.ts'

/**
 * A frame is a header of eight bytes, big-endian: type (16 bits), flags (16), length of the payload (32); then the
 * payload.
 */
export const frameHeaderBytes = 8

/** Flag on commands and run proposals: the sender asks for an acknowledgement. The only flag since protocol V5. */
export const requestedAckFlag = 0x8000

const headroomBytes = 256 * 1024
const firstBodyBytes = 4096
const empty = Buffer.alloc(0)

/** What a payload must stay below, given the largest message that is to be accepted. The peer's rule. */
export function frameLimitBytes(messageSizeLimitBytes: number): number {
  return messageSizeLimitBytes + headroomBytes
}

export interface Frame {
  readonly type: number
  readonly payload: Uint8Array
  readonly flags?: number
}

/** One frame in a buffer of its own; `payload` is copied. */
export function encodeFrame(type: number, payload: Uint8Array, flags = 0): Buffer {
  const buffer = Buffer.allocUnsafe(frameHeaderBytes + payload.length)
  writeFrame(buffer, 0, type, payload, flags)
  return buffer
}

/** Several frames in one buffer, so that a batch is one write. */
export function encodeFrames(frames: readonly Frame[]): Buffer {
  let length = 0
  for (const frame of frames) length += frameHeaderBytes + frame.payload.length
  const buffer = Buffer.allocUnsafe(length)
  let position = 0
  for (const frame of frames) position = writeFrame(buffer, position, frame.type, frame.payload, frame.flags ?? 0)
  return buffer
}

function writeFrame(buffer: Buffer, position: number, type: number, payload: Uint8Array, flags: number): number {
  buffer.writeUInt16BE(type, position)
  buffer.writeUInt16BE(flags, position + 2)
  buffer.writeUInt32BE(payload.length, position + 4)
  buffer.set(payload, position + frameHeaderBytes)
  return position + frameHeaderBytes + payload.length
}

export type OnFrame = (type: number, flags: number, payload: Buffer) => void

/**
 * Cuts a byte stream into frames, however they are spread over chunks. A frame that lies wholly in one chunk comes
 * out as a view onto it; one that was split, in a buffer of its own. Either way the payload stays valid as long as
 * it is held, but a view keeps its whole chunk in memory: who keeps a payload past the handling of its chunk copies it.
 *
 * After `push` has thrown, the decoder must not be used any more.
 */
export class FrameDecoder {
  readonly #limitBytes: number
  readonly #header = Buffer.allocUnsafeSlow(frameHeaderBytes)
  #headerFill = 0
  /** Body of the frame that is being received; grows with what has come, not with what was announced. */
  #body = empty
  #bodyFill = 0
  #bodyBytes = 0

  /** `limitBytes`: payloads of this length or more are refused; see `frameLimitBytes`. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Bytes of a frame that is not complete yet, header included. Not 0 at the end of a stream: it was cut off. */
  get pendingBytes(): number {
    return this.#headerFill + this.#bodyFill
  }

  /**
   * Calls `onFrame` for every frame that is complete, in order.
   *
   * @throws MessageTooLarge as soon as a header says so; nothing of the body has been kept.
   */
  push(chunk: Buffer, onFrame: OnFrame): void {
    let position = this.#headerFill === 0 ? 0 : this.#resume(chunk, onFrame)
    while (chunk.length - position >= frameHeaderBytes) {
      const bodyBytes = this.#checkedLength(chunk, position)
      const start = position + frameHeaderBytes
      if (chunk.length - start < bodyBytes) break
      position = start + bodyBytes
      emit(chunk, start - frameHeaderBytes, view(chunk, start, position), onFrame)
    }
    if (position < chunk.length) this.#begin(chunk, position)
  }

  /** Keeps the beginning of a frame that ends in a later chunk. */
  #begin(chunk: Buffer, position: number): void {
    this.#headerFill = chunk.copy(this.#header, 0, position)
    if (this.#headerFill < frameHeaderBytes) return
    this.#bodyBytes = this.#checkedLength(this.#header, 0)
    this.#append(chunk, position + frameHeaderBytes, chunk.length)
  }

  /** Completes the frame that an earlier chunk began, if this one has enough; returns where it ended. */
  #resume(chunk: Buffer, onFrame: OnFrame): number {
    let position = 0
    if (this.#headerFill < frameHeaderBytes) {
      position = chunk.copy(this.#header, this.#headerFill, 0)
      this.#headerFill += position
      if (this.#headerFill < frameHeaderBytes) return position
      this.#bodyBytes = this.#checkedLength(this.#header, 0)
    }
    const end = position + this.#bodyBytes - this.#bodyFill
    if (chunk.length < end) {
      this.#append(chunk, position, chunk.length)
      return chunk.length
    }
    let payload: Buffer
    if (this.#bodyFill === 0) payload = view(chunk, position, end)
    else {
      this.#append(chunk, position, end)
      payload = this.#body
    }
    this.#headerFill = 0
    this.#body = empty
    this.#bodyFill = 0
    emit(this.#header, 0, payload, onFrame)
    return end
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const needed = this.#bodyFill + end - start
    if (needed > this.#body.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.#bodyBytes, Math.max(firstBodyBytes, needed * 2)))
      this.#body.copy(grown, 0, 0, this.#bodyFill)
      this.#body = grown
    }
    this.#bodyFill += chunk.copy(this.#body, this.#bodyFill, start, end)
  }

  #checkedLength(buffer: Buffer, position: number): number {
    const bodyBytes = buffer.readUInt32BE(position + 4)
    if (bodyBytes >= this.#limitBytes) throw new MessageTooLarge(bodyBytes, this.#limitBytes)
    return bodyBytes
  }
}

function view(chunk: Buffer, start: number, end: number): Buffer {
  return start === end ? empty : chunk.subarray(start, end)
}

function emit(header: Buffer, position: number, payload: Buffer, onFrame: OnFrame): void {
  onFrame(header.readUInt16BE(position), header.readUInt16BE(position + 2), payload)
}
