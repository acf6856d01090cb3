import type { MessageInitShape } from '@bufbuild/protobuf'
import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf'
import {
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'

/**
 * The messages as the protocol's description has them, one line a message: `number name type`. `?` before a type:
 * optional, `*`: repeated, `@name` behind it: member of that oneof. Enums are numbers here; the wire does not differ.
 */
const schema = `
Start: 1 id bytes, 2 debug_id string, 3 known_entries uint32, 4 state_map *StateEntry, 5 partial_state bool, 6 key string, 7 retry_count_since_last_stored_entry uint32, 8 duration_since_last_stored_entry uint64, 9 random_seed uint64, 10 scope ?string, 11 limit_key ?string, 12 idempotency_key ?string
Suspension: 1 waiting_completions *uint32, 2 waiting_signals *uint32, 3 waiting_named_signals *string, 4 awaiting_on Future
Error: 1 code uint32, 2 message string, 3 stacktrace string, 4 related_command_index ?uint32, 5 related_command_name ?string, 6 related_command_type ?uint32, 8 next_retry_delay ?uint64, 9 behavior uint32
End:
CommandAck: 1 command_index uint32
ProposeRunCompletion: 1 result_completion_id uint32, 14 value bytes@result, 15 failure Failure@result
AwaitingOn: 1 awaiting_on Future, 2 executing_side_effects bool
ProposeRunCompletionAck: 1 completion_id uint32
Future: 1 waiting_completions *uint32, 2 waiting_signals *uint32, 3 waiting_named_signals *string, 4 nested_futures *Future, 5 combinator_type uint32
Value: 1 content bytes
Failure: 1 code uint32, 2 message string, 3 metadata *Header
Header: 1 key string, 2 value string
StateEntry: 1 key bytes, 2 value bytes
StateKeys: 1 keys *bytes
Void:
WorkflowTarget: 1 workflow_name string, 2 workflow_key string, 3 scope ?string
IdempotentRequestTarget: 1 service_name string, 2 service_key ?string, 3 handler_name string, 4 idempotency_key string, 5 scope ?string
Input: 1 headers *Header, 14 value Value, 12 name string
Output: 14 value Value@result, 15 failure Failure@result, 12 name string
GetLazyState: 1 key bytes, 11 result_completion_id uint32, 12 name string
SetState: 1 key bytes, 3 value Value, 12 name string
ClearState: 1 key bytes, 12 name string
ClearAllState: 12 name string
GetLazyStateKeys: 11 result_completion_id uint32, 12 name string
GetEagerState: 1 key bytes, 13 void Void@result, 14 value Value@result, 12 name string
GetEagerStateKeys: 14 value StateKeys, 12 name string
GetPromise: 1 key string, 11 result_completion_id uint32, 12 name string
PeekPromise: 1 key string, 11 result_completion_id uint32, 12 name string
CompletePromise: 1 key string, 2 completion_value Value@completion, 3 completion_failure Failure@completion, 11 result_completion_id uint32, 12 name string
Sleep: 1 wake_up_time uint64, 11 result_completion_id uint32, 12 name string
Call: 1 service_name string, 2 handler_name string, 3 parameter bytes, 4 headers *Header, 5 key string, 6 idempotency_key ?string, 7 scope ?string, 8 limit_key ?string, 10 invocation_id_notification_idx uint32, 11 result_completion_id uint32, 12 name string
OneWayCall: 1 service_name string, 2 handler_name string, 3 parameter bytes, 4 invoke_time uint64, 5 headers *Header, 6 key string, 7 idempotency_key ?string, 8 scope ?string, 9 limit_key ?string, 10 invocation_id_notification_idx uint32, 12 name string
SendSignal: 1 target_invocation_id string, 2 idx uint32@signal, 3 name string@signal, 4 void Void@result, 5 value Value@result, 6 failure Failure@result, 12 entry_name string
Run: 11 result_completion_id uint32, 12 name string
AttachInvocation: 1 invocation_id string@target, 3 idempotent_request_target IdempotentRequestTarget@target, 4 workflow_target WorkflowTarget@target, 11 result_completion_id uint32, 12 name string
GetInvocationOutput: 1 invocation_id string@target, 3 idempotent_request_target IdempotentRequestTarget@target, 4 workflow_target WorkflowTarget@target, 11 result_completion_id uint32, 12 name string
CompleteAwakeable: 1 awakeable_id string, 2 value Value@result, 3 failure Failure@result, 12 name string
Notification: 1 completion_id uint32@id, 2 signal_idx uint32@id, 3 signal_name string@id, 4 void Void@result, 5 value Value@result, 6 failure Failure@result, 16 invocation_id string@result, 17 state_keys StateKeys@result
`

const packageName = 'reference'
const scalarTypes: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  uint32: FieldDescriptorProto_Type.UINT32,
  uint64: FieldDescriptorProto_Type.UINT64,
  bool: FieldDescriptorProto_Type.BOOL,
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
}

function parseMessage(line: string): MessageInitShape<typeof DescriptorProtoSchema> {
  const colon = line.indexOf(':')
  const oneofs: string[] = []
  const parsed = line
    .slice(colon + 1)
    .split(',')
    .filter((text) => text.trim() !== '')
    .map((text) => {
      const match = /^ *(\d+) (\w+) ([?*]?)(\w+)(?:@(\w+))? *$/.exec(text)
      if (match === null) throw new Error(`cannot read field "${text}"`)
      const [, number, name = '', modifier, type = '', oneof] = match
      if (oneof !== undefined && !oneofs.includes(oneof)) oneofs.push(oneof)
      return { number: Number(number), name, modifier, type, oneof }
    })
  const field = parsed.map(({ number, name, modifier, type, oneof }) => {
    const scalar = scalarTypes[type]
    // proto3 marks an optional field by a oneof of its own.
    if (modifier === '?') oneofs.push(`_${name}`)
    const group = modifier === '?' ? `_${name}` : oneof
    return {
      number,
      name,
      label: modifier === '*' ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
      ...(scalar === undefined
        ? { type: FieldDescriptorProto_Type.MESSAGE, typeName: `.${packageName}.${type}` }
        : { type: scalar }),
      ...(group === undefined ? {} : { oneofIndex: oneofs.indexOf(group) }),
      proto3Optional: modifier === '?',
    }
  })
  return { name: line.slice(0, colon), field, oneofDecl: oneofs.map((name) => ({ name })) }
}

const file = create(FileDescriptorProtoSchema, {
  name: 'reference.proto',
  syntax: 'proto3',
  package: packageName,
  messageType: schema.trim().split('\n').map(parseMessage),
})
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }))

/** The description of one message, for an independent protobuf library. */
export function referenceMessage(name: string): DescMessage {
  const message = registry.getMessage(`${packageName}.${name}`)
  if (message === undefined) throw new Error(`the schema has no message ${name}`)
  return message
}
