import type { ListenOptions, Server } from 'node:net'

/** `server.listen` as a promise. The socket is bound, and a Unix socket file made, before this returns. */
export function listenOn(server: Server, options: ListenOptions | { readonly fd: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = () => {
      server.removeListener('error', onError)
      resolve()
    }
    const onError = (error: Error) => {
      server.removeListener('listening', onListening)
      reject(error)
    }
    server.once('listening', onListening)
    server.once('error', onError)
    server.listen(options)
  })
}

/** The system's error code (`EADDRINUSE`), or `unknown`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown'
}
