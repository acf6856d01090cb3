import { spawnSync } from 'node:child_process'

const marker = 'PERDURE_OWN_NETWORK'

/**
 * Puts this program into a network of its own, where there is loopback and nothing else: the official server asks
 * GitHub for new versions at every start, telemetry off or not. Where the system does not allow that, the program just goes on.
 */
export function useOwnNetwork(): void {
  if (process.platform !== 'linux' || process.env[marker] !== undefined) return
  // Root may have one where nobody else may be root of anything.
  const inside = ['-rn', '-n']
    .map((flags) => ['unshare', flags, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'])
    .find((words) => spawnSync('env', [...words, 'true']).status === 0)
  if (inside === undefined) return
  process.execve?.('/usr/bin/env', ['env', ...inside, process.execPath, ...process.argv.slice(1)], {
    ...process.env,
    [marker]: '1',
  })
}
