/** A remark on a registration that succeeded. `code` is a Restate code where there is one. */
export interface InfoMessage {
  readonly code?: string
  readonly message: string
}
