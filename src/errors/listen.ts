import { defineError } from './perdure-error.ts'

/** Another process listens on the TCP address. */
export const AddressInUse = defineError({ code: 'PERDURE_ERR_LISTEN_ADDRESS_IN_USE', status: 500 })

/** The operating system refuses the TCP address or the socket path for another reason. */
export const BindFailed = defineError({ code: 'PERDURE_ERR_LISTEN_BIND_FAILED', status: 500 })

/** A running process answers on the Unix socket. */
export const SocketInUse = defineError({ code: 'PERDURE_ERR_LISTEN_SOCKET_IN_USE', status: 500 })

/** Something that is not a socket is at the path of the Unix socket. */
export const SocketPathOccupied = defineError({ code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_OCCUPIED', status: 500 })

/** The path of the Unix socket does not fit into a socket address. */
export const SocketPathTooLong = defineError({ code: 'PERDURE_ERR_LISTEN_SOCKET_PATH_TOO_LONG', status: 500 })

/** The Host header names a host that this server does not answer for. */
export const HostNotAllowed = defineError({ code: 'PERDURE_ERR_LISTEN_HOST_NOT_ALLOWED', status: 403 })

/** A browser sent the request on behalf of another site. */
export const OriginNotAllowed = defineError({ code: 'PERDURE_ERR_LISTEN_ORIGIN_NOT_ALLOWED', status: 403 })
