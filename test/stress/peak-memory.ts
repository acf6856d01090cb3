import { readFile } from 'node:fs/promises'

/** The most memory that a process has had resident since it started, in MiB. Linux only. */
export async function peakResidentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory: it has ended`)
  return Number(kilobytes) / 1024
}
