/**
 * Types of the messages of the service protocol, as the frame header carries them. Commands and notifications have
 * the numbers that they have as journal entries.
 */
export const MessageType = {
  Start: 0x0000,
  Suspension: 0x0001,
  Error: 0x0002,
  End: 0x0003,
  CommandAck: 0x0004,
  ProposeRunCompletion: 0x0005,
  AwaitingOn: 0x0006,
  ProposeRunCompletionAck: 0x0007,

  Input: 0x0400,
  Output: 0x0401,
  GetLazyState: 0x0402,
  SetState: 0x0403,
  ClearState: 0x0404,
  ClearAllState: 0x0405,
  GetLazyStateKeys: 0x0406,
  GetEagerState: 0x0407,
  GetEagerStateKeys: 0x0408,
  GetPromise: 0x0409,
  PeekPromise: 0x040a,
  CompletePromise: 0x040b,
  Sleep: 0x040c,
  Call: 0x040d,
  OneWayCall: 0x040e,
  SendSignal: 0x0410,
  Run: 0x0411,
  AttachInvocation: 0x0412,
  GetInvocationOutput: 0x0413,
  CompleteAwakeable: 0x0414,

  GetLazyStateCompletion: 0x8002,
  GetLazyStateKeysCompletion: 0x8006,
  GetPromiseCompletion: 0x8009,
  PeekPromiseCompletion: 0x800a,
  CompletePromiseCompletion: 0x800b,
  SleepCompletion: 0x800c,
  CallCompletion: 0x800d,
  CallInvocationIdCompletion: 0x800e,
  RunCompletion: 0x8011,
  AttachInvocationCompletion: 0x8012,
  GetInvocationOutputCompletion: 0x8013,
  Signal: 0xfbff,
} as const

export type MessageType = (typeof MessageType)[keyof typeof MessageType]

/** The class that a number belongs to, whether or not a message has it. `custom` ones are reserved. */
export type MessageClass = 'control' | 'command' | 'notification' | 'custom'

export function messageClass(type: number): MessageClass {
  if (type < 0x0400) return 'control'
  if (type < 0x8000) return 'command'
  return type < 0xfc00 ? 'notification' : 'custom'
}

const names: ReadonlyMap<number, string> = new Map(Object.entries(MessageType).map(([name, type]) => [type, name]))

/** `Call`, `SleepCompletion`, …; `unknown (0x040f)` for a number that no message has. */
export function messageTypeName(type: number): string {
  return names.get(type) ?? `unknown (0x${type.toString(16).padStart(4, '0')})`
}
