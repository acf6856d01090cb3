import { advertisedAddress, bindAddress, hostName, ipAddress } from '../address-types.ts'
import { computedKey, inheritedKey, type Key, key, type OptionalKey, optionalKey } from '../key.ts'
import { boolean, byteSize, fileMode, integer, oneOf, path, port, positiveDuration, text } from '../scalar-types.ts'
import { networkingKeys } from './networking-keys.ts'

const KIB = 1024
const listenMode = oneOf('tcp', 'unix', 'all')

type Server = 'fabric' | 'admin' | 'ingress'

/** What `[admin]` and `[ingress]` take from the top level when it is set there and not in the table. */
interface CascadingKeys {
  readonly listenMode: Key<'tcp' | 'unix' | 'all'>
  readonly bindIp: Key<string>
  readonly useRandomPorts: Key<boolean>
  readonly advertisedHost: OptionalKey<string>
}

// As in restate-server, the top level holds the keys of the fabric, and ports and addresses do not cascade.
const cascading: CascadingKeys = {
  listenMode: key({
    path: 'listen-mode',
    flag: true,
    type: listenMode,
    default: 'all',
    description: 'TCP, Unix socket or both. Also the default for [admin] and [ingress].',
  }),
  bindIp: key({
    path: 'bind-ip',
    flag: true,
    type: ipAddress,
    default: '127.0.0.1',
    description:
      'Address to listen on for node-to-node traffic and metrics (fabric). When set, also the default for [admin] and [ingress].',
  }),
  useRandomPorts: key({
    path: 'use-random-ports',
    flag: true,
    type: boolean,
    default: false,
    description: 'Any free port where none is given. Also the default for [admin] and [ingress].',
  }),
  advertisedHost: optionalKey({
    path: 'advertised-host',
    flag: true,
    type: hostName,
    example: 'node-1.example',
    description: 'Host that clients are told to connect to. Also the default for [admin] and [ingress].',
  }),
}

function cascadedKeys(server: Server, table: string, bindIp: string): CascadingKeys {
  return {
    listenMode: inheritedKey({
      path: `${table}listen-mode`,
      type: listenMode,
      parent: cascading.listenMode,
      otherwise: 'all',
      description: 'TCP, Unix socket or both.',
    }),
    bindIp: inheritedKey({
      path: `${table}bind-ip`,
      type: ipAddress,
      parent: cascading.bindIp,
      otherwise: bindIp,
      description:
        server === 'ingress'
          ? 'Address to listen on; :: is every address, IPv4 and IPv6.'
          : 'Address to listen on; loopback, because whoever reaches this port controls the server.',
    }),
    useRandomPorts: inheritedKey({
      path: `${table}use-random-ports`,
      type: boolean,
      parent: cascading.useRandomPorts,
      otherwise: false,
      description: 'Any free port where none is given.',
    }),
    advertisedHost: optionalKey({
      path: `${table}advertised-host`,
      type: hostName,
      example: 'node-1.example',
      parent: cascading.advertisedHost,
      description: 'Host that clients are told to connect to.',
    }),
  }
}

function listenerKeys(server: Server, defaultPort: number, defaultIp: string) {
  const isFabric = server === 'fabric'
  const table = isFabric ? '' : `${server}.`
  const cascade = isFabric ? cascading : cascadedKeys(server, table, defaultIp)
  const ours = { from: 'perdure' } as const
  const oursBesideIngress = server === 'ingress' ? {} : ours
  return {
    ...cascade,
    bindPort: computedKey({
      path: `${table}bind-port`,
      flag: isFabric,
      type: port,
      defaultText: `${defaultPort}, or any free port with use-random-ports`,
      compute: (settings) => (settings.get(cascade.useRandomPorts) ? 0 : defaultPort),
      description: 'Port to listen on; 0 takes any free one.',
    }),
    bindAddress: optionalKey({
      path: `${table}bind-address`,
      flag: isFabric,
      type: bindAddress,
      example: { ip: '127.0.0.1', port: defaultPort },
      description: `Address and port in one; wins over bind-ip and bind-port. Without a port: ${defaultPort}.`,
    }),
    advertisedAddress: optionalKey({
      path: `${table}advertised-address`,
      flag: isFabric,
      type: advertisedAddress,
      example: `http://node-1.example:${defaultPort}/`,
      description: 'Address that clients are told to connect to; wins over advertised-host.',
    }),
    unixSocketPath: optionalKey({
      path: `${table}unix-socket-path`,
      ...ours,
      type: path,
      example: `/run/perdure/${server}.sock`,
      description: `Path of the socket file; <base-dir>/<node-name>/${server}.sock where it is not set.`,
    }),
    unixSocketGroup: optionalKey({
      path: `${table}unix-socket-group`,
      ...ours,
      type: text,
      example: 'www-data',
      description: 'Group of the socket file, by name or number; unix-socket-mode says what it may do.',
    }),
    unixSocketMode: key({
      path: `${table}unix-socket-mode`,
      ...ours,
      type: fileMode,
      default: 0o600,
      description: 'Permission bits of the socket file; who may write to it may connect.',
    }),
    requestSizeLimit: inheritedKey({
      path: `${table}request-size-limit`,
      ...oursBesideIngress,
      type: byteSize(1),
      parent: networkingKeys.messageSizeLimit,
      otherwise: 32 * KIB * KIB,
      description: 'Largest request body; never more than networking.message-size-limit.',
    }),
    maxHeaderBytes: key({
      path: `${table}max-header-bytes`,
      ...ours,
      type: byteSize(1 * KIB, 1024 * KIB),
      default: 16 * KIB,
      description: 'Largest header section of a request; more is answered 431.',
    }),
    maxHeaderCount: key({
      path: `${table}max-header-count`,
      ...ours,
      type: integer(10, 10_000),
      default: 100,
      description: 'Most header fields of a request; more are answered 431.',
    }),
    headersTimeout: key({
      path: `${table}headers-timeout`,
      ...ours,
      type: positiveDuration,
      default: 10_000,
      description: 'How long a client may take to send the header section.',
    }),
    bodyTimeout: key({
      path: `${table}body-timeout`,
      ...ours,
      type: positiveDuration,
      default: 30_000,
      description:
        'Longest silence while a body is being received. Nothing of an answer may be taken for ten times as long.',
    }),
    idleTimeout: key({
      path: `${table}idle-timeout`,
      ...ours,
      type: positiveDuration,
      default: 75_000,
      description: 'How long a connection may stay open with no request.',
    }),
    maxConnections: key({
      path: `${table}max-connections`,
      ...ours,
      type: integer(1),
      default: 10_000,
      description: 'Most open connections.',
    }),
    http2MaxConcurrentStreams: key({
      path: `${table}http2-max-concurrent-streams`,
      ...oursBesideIngress,
      type: integer(1, 2 ** 31 - 1),
      default: 200,
      description: 'Most requests in progress on one HTTP/2 connection.',
    }),
  }
}

function concurrencyKey(server: 'admin' | 'ingress') {
  return optionalKey({
    path: `${server}.concurrent-api-requests-limit`,
    type: integer(1),
    example: 1000,
    description: 'Requests in progress at once; more are answered 429.',
  })
}

export const fabricKeys = listenerKeys('fabric', 5122, '127.0.0.1')
export const adminListenerKeys = {
  ...listenerKeys('admin', 9070, '127.0.0.1'),
  concurrentRequestsLimit: concurrencyKey('admin'),
}
export const ingressListenerKeys = {
  ...listenerKeys('ingress', 8080, '::'),
  concurrentRequestsLimit: concurrencyKey('ingress'),
}

/** The keys of any of the three listeners. */
export type ListenerKeys = ReturnType<typeof listenerKeys>

/** Port of a bind address that has none. */
export const DEFAULT_PORTS = { fabric: 5122, admin: 9070, ingress: 8080 } as const
