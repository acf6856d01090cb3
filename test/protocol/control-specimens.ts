import { MessageType } from '../../src/protocol/message-type.ts'
import { encodeAwaitingOn } from '../../src/protocol/messages/awaiting-on.ts'
import { encodeCommandAck } from '../../src/protocol/messages/command-ack.ts'
import { encodeEnd } from '../../src/protocol/messages/end.ts'
import { encodeError } from '../../src/protocol/messages/error.ts'
import { encodeProposeRunCompletion } from '../../src/protocol/messages/propose-run-completion.ts'
import { encodeProposeRunCompletionAck } from '../../src/protocol/messages/propose-run-completion-ack.ts'
import { encodeStart } from '../../src/protocol/messages/start.ts'
import { encodeSuspension } from '../../src/protocol/messages/suspension.ts'
import { bytes, failure, future, referenceFailure, referenceFuture, type Specimen, specimen } from './specimen.ts'

/** Messages that open, accompany and end an attempt. */
export const controlSpecimens: readonly Specimen[] = [
  specimen(
    MessageType.Start,
    encodeStart,
    'all fields',
    {
      id: bytes('123456789012345678901234'),
      debugId: 'inv_1',
      knownEntries: 3,
      stateMap: [
        { key: bytes('a'), value: bytes('1') },
        { key: bytes(''), value: bytes('') },
        { key: bytes('long'), value: Buffer.alloc(500, 'v') },
      ],
      partialState: true,
      key: 'k1',
      retryCountSinceLastStoredEntry: 2,
      durationSinceLastStoredEntryMs: 8_000_000_000_000,
      randomSeed: 2n ** 64n - 2n,
      scope: 'sc',
      limitKey: '',
      idempotencyKey: 'idem',
    },
    {
      id: bytes('123456789012345678901234'),
      debugId: 'inv_1',
      knownEntries: 3,
      stateMap: [{ key: bytes('a'), value: bytes('1') }, {}, { key: bytes('long'), value: Buffer.alloc(500, 'v') }],
      partialState: true,
      key: 'k1',
      retryCountSinceLastStoredEntry: 2,
      durationSinceLastStoredEntry: 8_000_000_000_000n,
      randomSeed: 2n ** 64n - 2n,
      scope: 'sc',
      limitKey: '',
      idempotencyKey: 'idem',
    },
  ),
  specimen(
    MessageType.Suspension,
    encodeSuspension,
    'lists',
    { waitingCompletions: [1, 128], waitingSignals: [1], waitingNamedSignals: ['n'], awaitingOn: undefined },
    { waitingCompletions: [1, 128], waitingSignals: [1], waitingNamedSignals: ['n'] },
  ),
  specimen(
    MessageType.Suspension,
    encodeSuspension,
    'tree',
    { waitingCompletions: [], waitingSignals: [], waitingNamedSignals: [], awaitingOn: future },
    { awaitingOn: referenceFuture },
  ),
  specimen(
    MessageType.Error,
    encodeError,
    'all fields',
    {
      code: 570,
      message: 'mismatch',
      stacktrace: 'at x',
      relatedCommandIndex: 0,
      relatedCommandName: 'run',
      relatedCommandType: 1041,
      nextRetryDelayMs: 0,
      behavior: 'fail',
    },
    {
      code: 570,
      message: 'mismatch',
      stacktrace: 'at x',
      relatedCommandIndex: 0,
      relatedCommandName: 'run',
      relatedCommandType: 1041,
      nextRetryDelay: 0n,
      behavior: 2,
    },
  ),
  specimen(
    MessageType.Error,
    encodeError,
    'nothing optional',
    {
      code: 500,
      message: '',
      stacktrace: '',
      relatedCommandIndex: undefined,
      relatedCommandName: undefined,
      relatedCommandType: undefined,
      nextRetryDelayMs: undefined,
      behavior: 'retry',
    },
    { code: 500 },
  ),
  specimen(MessageType.End, encodeEnd, 'empty', {}, {}),
  specimen(MessageType.CommandAck, encodeCommandAck, 'index', { commandIndex: 9 }, { commandIndex: 9 }),
  specimen(
    MessageType.ProposeRunCompletion,
    encodeProposeRunCompletion,
    'empty value',
    { resultCompletionId: 4, result: { kind: 'value', value: Buffer.alloc(0) } },
    { resultCompletionId: 4, result: { case: 'value', value: Buffer.alloc(0) } },
  ),
  specimen(
    MessageType.ProposeRunCompletion,
    encodeProposeRunCompletion,
    'failure',
    { resultCompletionId: 4, result: failure },
    { resultCompletionId: 4, result: { case: 'failure', value: referenceFailure } },
  ),
  specimen(
    MessageType.AwaitingOn,
    encodeAwaitingOn,
    'tree',
    { awaitingOn: future, executingSideEffects: true },
    { awaitingOn: referenceFuture, executingSideEffects: true },
  ),
  specimen(
    MessageType.ProposeRunCompletionAck,
    encodeProposeRunCompletionAck,
    'id',
    { completionId: 0xffffffff },
    { completionId: 0xffffffff },
  ),
]
