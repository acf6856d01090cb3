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

/** The group of the Unix socket is not known. */
export const SocketGroupUnknown = defineError({ code: 'PERDURE_ERR_LISTEN_SOCKET_GROUP_UNKNOWN', status: 500 })

/** The process may not give the Unix socket to the group. */
export const SocketGroupDenied = defineError({ code: 'PERDURE_ERR_LISTEN_SOCKET_GROUP_DENIED', status: 500 })

/** The sockets that a service manager passes cannot be matched to listeners, or not be listened on. */
export const ActivationInvalid = defineError({ code: 'PERDURE_ERR_LISTEN_ACTIVATION_INVALID', status: 500 })

/** Certificate, key or client CA of a listener cannot be used. */
export const TlsUnusable = defineError({ code: 'PERDURE_ERR_LISTEN_TLS_UNUSABLE', status: 500 })
