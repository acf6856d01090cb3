import type { StoredWord } from './table.ts'

const STORED = new Set(['inboxed', 'scheduled', 'invoked', 'suspended', 'paused', 'completed'])

/** `sys_invocation_status` shows the stored words. */
export function rawStatus(word: string): StoredWord | undefined {
  return STORED.has(word) ? { word, exact: true } : undefined
}

/** `sys_invocation` says `pending` for `inboxed`, and what the invoker does for `invoked`. */
export function shownStatus(word: string): StoredWord | undefined {
  switch (word) {
    case 'pending':
      return { word: 'inboxed', exact: true }
    case 'running':
    case 'backing-off':
    case 'ready':
      return { word: 'invoked', exact: false }
    case 'scheduled':
    case 'suspended':
    case 'paused':
    case 'completed':
      return { word, exact: true }
    default:
      return undefined
  }
}
