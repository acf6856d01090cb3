import type { Listener } from './listen/listener.ts'
import type { Server } from './server.ts'

/** What a newcomer needs to see when the server is up: where it listens, where its data is, what to type next. */
export function welcome(server: Server): string {
  const { ingress, admin, fabric } = server.listeners
  const register =
    admin.addresses[0]?.kind === 'unix'
      ? `RESTATE_ADMIN_URL=${admin.addresses[0].url} restate deployments register http://localhost:9080`
      : `curl ${browsable(admin)}/deployments --json '{"uri": "http://localhost:9080"}'`
  return `
Perdure is up.

  ingress  ${where(ingress)}   calls to your services
  admin    ${where(admin)}   register services, look at invocations
  fabric   ${where(fabric)}   health and metrics
  data     ${server.directory}

Next, register a service that listens on port 9080:

  ${register}

`
}

function where(listener: Listener): string {
  return listener.addresses.map((address) => address.url).join(' ')
}

function browsable(listener: Listener): string {
  const [address] = listener.addresses
  const scheme = address?.url.startsWith('https:') === true ? 'https' : 'http'
  return address?.kind === 'tcp' && address.host !== '::' && address.host !== '0.0.0.0'
    ? address.url
    : `${scheme}://localhost:${address?.kind === 'tcp' ? address.port : ''}`
}
