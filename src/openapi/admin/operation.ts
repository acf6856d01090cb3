import type { Content, Schema } from './schema-terms.ts'

/** What the document groups operations by. Names as in the admin API 1.7.12. */
export type AdminTag =
  | 'server'
  | 'deployment'
  | 'service'
  | 'service_handler'
  | 'invocation'
  | 'introspection'
  | 'subscription'
  | 'kafka_cluster'
  | 'rule'
  | 'vqueue'

/** What the document tells of one operation, beside what its path tells. */
export interface AdminOperation {
  /** As in the admin API 1.7.12, where that has the operation: clients are generated from it. */
  readonly id: string
  readonly tag: AdminTag
  readonly summary: string
  readonly description?: string
  readonly deprecated?: true
  readonly query?: Readonly<Record<string, QueryParameter>>
  readonly body?: Schema
  /** Instead of JSON. */
  readonly rawBody?: Content
  readonly success?: Readonly<Record<number, Content>>
  /** The successful answer has a `Location`. */
  readonly location?: true
  /** Statuses of errors. Those of a body that cannot be read come by themselves. */
  readonly errors?: readonly number[]
  /** Where errors do not have the bodies that errors of their status have. */
  readonly errorBodies?: Readonly<Record<number, Content>>
}

export interface QueryParameter {
  readonly schema: Schema
  readonly description: string
}

/** Operations by method and path: `GET /services/{service}`. */
export type AdminOperations = Readonly<
  Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, AdminOperation>
>
