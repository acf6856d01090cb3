declare const brand: unique symbol

type Branded<Name extends string> = string & { readonly [brand]: Name }

/** `inv_1` + 33 base62 digits: 64-bit partition key and 128-bit uuid. */
export type InvocationId = Branded<'InvocationId'>

/** `dp_1` + 22 base62 digits of a ULID. */
export type DeploymentId = Branded<'DeploymentId'>

/**
 * The number that an invocation gets when it is created, dense and rising within a partition.
 * Events and the projection refer to invocations by it; it never leaves the process.
 */
export type InvocationSeq = number
