import { Http2ServerRequest } from 'node:http2'

/** A request of Node's HTTP/2 compat API that counts its body and does not pass an aborted one off as complete. */
export class MeteredHttp2Request extends Http2ServerRequest {
  bodyBytes = 0

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    if (chunk !== null) {
      this.bodyBytes += chunk.length
    } else if (this.stream.aborted) {
      // Node ends the body of a stream that the client reset; a reader would take the half for the whole.
      this.destroy(this.listenerCount('error') > 0 ? new Error('the client aborted the request') : undefined)
      return false
    }
    return super.push(chunk, encoding)
  }
}
