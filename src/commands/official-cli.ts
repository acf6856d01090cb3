import { ConfigCommandLine } from '../errors/config.ts'

/** What the official CLI 1.7.12 does, by the first word, and words under which one would look for it. */
const OFFICIAL: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['sql', 'deployments', 'services', 'kafka-clusters', 'subscriptions', 'rules', 'vqueues', 'whoami'].map((name) => [
      name,
      `restate ${name}`,
    ]),
  ),
  dp: 'restate deployments',
  svc: 'restate services',
  inv: 'restate invocations',
  query: 'restate sql',
  status: 'restate services status, or restate invocations list',
}

/** Throws `ConfigCommandLine` for a command that the official CLI has, and says which: it works on this server as it is. */
export function refuseOfficialCommand(name: string): void {
  const official = Object.hasOwn(OFFICIAL, name) ? OFFICIAL[name] : undefined
  if (official === undefined) return
  throw new ConfigCommandLine(
    `perdure has no command ${name}: use ${official}, of the official CLI, which takes the address of the admin API from RESTATE_ADMIN_URL`,
  )
}
