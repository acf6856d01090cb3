/** Where a value was set. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number | undefined }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string }

/** For messages: `restate.toml:12`, `environment variable RESTATE_BIND_IP`, `flag --bind-ip`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default'
    case 'file':
      return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`
    case 'env':
      return `environment variable ${origin.name}`
    case 'flag':
      return `flag ${origin.name}`
  }
}

/** For the dump: `default`, `file`, `env RESTATE_BIND_IP`, `flag --bind-ip`. */
export function shortOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
    case 'file':
      return origin.kind
    case 'env':
    case 'flag':
      return `${origin.kind} ${origin.name}`
  }
}
