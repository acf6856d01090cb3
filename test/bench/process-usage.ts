import { readFile } from 'node:fs/promises'

// Linux counts CPU time in hundredths of a second for user space, on every architecture that Node runs on.
const TICKS_PER_SECOND = 100

/** User and system CPU time of a process so far, in seconds, with all its threads, also those that have ended. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The second field is the name in parentheses, which may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** CPU time of this process and of its children that have ended, in seconds. */
export async function ownCpuSeconds(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8')
  // utime, stime, and the same of the children.
  const ticks = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  return ticks.reduce((sum, field) => sum + Number(field), 0) / TICKS_PER_SECOND
}

/** CPU time that the whole machine has been busy so far, in seconds; also with what a hypervisor took away. */
export async function busySeconds(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8')
  // cpu user nice system idle iowait irq softirq steal guest…
  const [user, nice, system, , , irq, softirq, steal] = stat.split('\n', 1)[0]?.split(/ +/).slice(1).map(Number) ?? []
  return (
    [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) / TICKS_PER_SECOND
  )
}

/** Resident memory of a process in MiB. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory: it has ended`)
  return Number(kilobytes) / 1024
}
