import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import type { JournalEntry } from '../../src/core/journal.ts'
import { encodeCall } from '../../src/protocol/messages/call.ts'
import { encodeOneWayCall } from '../../src/protocol/messages/one-way-call.ts'
import { encodeOutput } from '../../src/protocol/messages/output.ts'
import { encodeRun } from '../../src/protocol/messages/run.ts'
import { encodeSetState } from '../../src/protocol/messages/set-state.ts'
import { encodeSleep } from '../../src/protocol/messages/sleep.ts'
import { nowMs, testAdmin } from './admin-app.ts'
import { dpA, invocation, invocationId, unknownInvocationId } from './samples.ts'

const appendedAt = Date.parse('2026-11-21T17:20:01.000Z')
const at = '2026-11-21T17:20:01.000Z'

function command(type: JournalEntry & { kind: 'command' } extends { type: infer T } ? T : never, payload: Uint8Array) {
  return { kind: 'command', type, payload, completionIds: [], appendedAt } as const
}

t.test('an invocation', async (t) => {
  await using admin = testAdmin()
  admin.client.put(
    invocation({
      target: {
        service: 'Counter',
        serviceType: 'VirtualObject',
        key: 'bob',
        handler: 'add',
        handlerType: 'Exclusive',
      },
      source: { kind: 'service', caller: unknownInvocationId, callerTarget: 'Greeter/greet' },
      idempotencyKey: 'once',
      executionTime: appendedAt,
      status: 'completed',
      completedAt: appendedAt,
      pinned: { deploymentId: dpA, protocolVersion: 6 },
      result: { kind: 'failure', failure: { code: 409, message: 'killed' } },
    }),
  )
  for (const prefix of ['', '/v4']) {
    const answer = await admin.app.inject({ url: `${prefix}/invocations/${invocationId}` })
    t.equal(answer.headers['content-type'], 'application/json')
    t.strictSame(answer.json(), {
      id: invocationId,
      status: 'completed',
      target: 'Counter/bob/add',
      target_service_name: 'Counter',
      target_service_key: 'bob',
      target_handler_name: 'add',
      target_service_ty: 'virtual_object',
      idempotency_key: 'once',
      invoked_by: 'service',
      invoked_by_id: unknownInvocationId,
      invoked_by_target: 'Greeter/greet',
      pinned_deployment_id: dpA,
      pinned_service_protocol_version: 6,
      journal_size: 1,
      journal_commands_size: 1,
      created_at: '2026-11-21T17:20:00.000Z',
      modified_at: '2026-11-21T17:20:00.000Z',
      scheduled_start_at: at,
      running_at: '2026-11-21T17:20:00.000Z',
      completed_at: at,
      completion_retention: '1d',
      journal_retention: '1d',
      completion_result: 'failure',
      completion_failure: '[409] killed',
      completion_failure_details: { code: 409, message: 'killed' },
    })
  }
})

t.test('the word for each status', async (t) => {
  await using admin = testAdmin()
  const retry = (nextAttemptAt: number) => ({
    countedFailures: 2,
    failuresSinceLastEntry: 1,
    lastFailure: { code: 500, message: 'boom', restateCode: 'RT0007', relatedCommandName: 'charge' },
    nextAttemptAt,
  })
  for (const [state, shown] of [
    [{ status: 'scheduled' }, 'scheduled'],
    [{ status: 'inboxed' }, 'pending'],
    [{ status: 'invoked' }, 'running'],
    [{ status: 'invoked', retry: retry(nowMs + 1000) }, 'backing-off'],
    [{ status: 'invoked', retry: retry(nowMs - 1000) }, 'running'],
    [{ status: 'suspended' }, 'suspended'],
    [{ status: 'paused' }, 'paused'],
    [{ status: 'completed' }, 'completed'],
  ] as const) {
    admin.client.put(invocation(state))
    t.equal((await admin.app.inject({ url: `/invocations/${invocationId}` })).json().status, shown)
  }
  admin.client.put(invocation({ retry: retry(nowMs + 1000), failedAttempts: 2 }))
  t.match((await admin.app.inject({ url: `/invocations/${invocationId}` })).json(), {
    failed_attempts: 2,
    next_retry_at: '2026-11-21T17:30:01.000Z',
    last_failure: '[500] boom',
    last_failure_error_code: 'RT0007',
    last_failure_related_command_name: 'charge',
  })
})

t.test('what an invocation waits for, and what has happened to it', async (t) => {
  await using admin = testAdmin()
  const failure = { code: 500, message: 'boom', restateCode: 'RT0007', relatedCommandIndex: 1 }
  const facts = async (more: Parameters<typeof invocation>[0]) => {
    admin.client.put(invocation(more))
    return (await admin.app.inject({ url: `/invocations/${invocationId}` })).json()
  }
  t.match(
    await facts({
      status: 'suspended',
      source: { kind: 'restart-as-new', from: unknownInvocationId },
      awaiting: { completions: [3, 4], signals: [1, 17], namedSignals: ['go'], seenEntries: 0 },
      sleeping: [{ completionId: 3, wakeUpAt: appendedAt }],
      calls: [{ completionId: 4, callee: unknownInvocationId }],
      pauseRequested: true,
      events: [
        { kind: 'transient-error', afterEntries: 2, at: appendedAt, failure },
        { kind: 'paused', afterEntries: 3, at: appendedAt, failure: undefined },
      ],
    }),
    {
      status: 'suspended',
      invoked_by: 'restart_as_new',
      restarted_from: unknownInvocationId,
      pause_requested: true,
      waiting_for: { completion_ids: [3, 4], signal_indexes: [1, 17], signal_names: ['go'] },
      sleeps: [{ completion_id: 3, wake_up_time: at }],
      open_calls: [{ completion_id: 4, invocation_id: unknownInvocationId }],
      events: [
        {
          event_type: 'TransientError',
          appended_at: at,
          after_journal_entry_index: 1,
          last_failure: '[500] boom',
          last_failure_error_code: 'RT0007',
          last_failure_related_command_index: 1,
        },
        { event_type: 'Paused', appended_at: at, after_journal_entry_index: 2 },
      ],
    },
  )
  t.match(await facts({ status: 'inboxed', queueOrder: 7 }), { status: 'pending', queue_order: 7 })

  const plain = await facts({ status: 'paused' })
  t.equal(plain.status, 'paused')
  for (const key of ['pause_requested', 'waiting_for', 'sleeps', 'open_calls', 'events', 'queue_order']) {
    t.notOk(key in plain, key)
  }
  const many = await facts({
    sleeping: Array.from({ length: 500 }, (_, completionId) => ({ completionId, wakeUpAt: appendedAt })),
    events: Array.from({ length: 50 }, (_, index) => ({
      kind: 'transient-error' as const,
      afterEntries: index + 1,
      at: appendedAt,
      failure,
    })),
  })
  t.equal(many.sleeps.length, 100)
  t.match(many.events, { length: 20, 19: { after_journal_entry_index: 49 } }, 'the newest')
})

t.test('ids that cannot be, and ids that are not', async (t) => {
  await using admin = testAdmin()
  for (const path of ['', '/journal']) {
    const bad = await admin.app.inject({ url: `/invocations/bad${path}` })
    t.equal(bad.statusCode, 400)
    t.strictSame(bad.json(), {
      message: "The request field 'invocation_id' is invalid. Reason: bad format",
      restate_code: null,
    })
    const missing = await admin.app.inject({ url: `/invocations/${unknownInvocationId}${path}` })
    t.equal(missing.statusCode, 404)
    t.strictSame(missing.json(), {
      message: `The requested invocation '${unknownInvocationId}' does not exist`,
      restate_code: null,
    })
  }
})

t.test('a journal', async (t) => {
  await using admin = testAdmin()
  const journal: JournalEntry[] = [
    { kind: 'input', headers: [['content-type', 'application/json']], body: Buffer.from('"Ada"'), appendedAt },
    command(EntryType.Run, encodeRun({ resultCompletionId: 1, name: 'charge' })),
    {
      kind: 'notification',
      type: EntryType.RunCompletion,
      key: { kind: 'completion', id: 1 },
      result: { kind: 'value', value: Buffer.from([0, 255]) },
      appendedAt,
    },
    command(EntryType.Sleep, encodeSleep({ wakeUpTime: appendedAt, resultCompletionId: 2, name: '' })),
    {
      kind: 'notification',
      type: EntryType.SleepCompletion,
      key: { kind: 'completion', id: 2 },
      result: { kind: 'void' },
      appendedAt,
    },
    command(
      EntryType.Call,
      encodeCall({
        serviceName: 'Counter',
        handlerName: 'add',
        parameter: Buffer.from('1'),
        headers: [['x-a', 'b']],
        key: 'bob',
        invocationIdNotificationIdx: 3,
        resultCompletionId: 4,
        name: '',
      }),
    ),
    {
      kind: 'notification',
      type: EntryType.CallInvocationIdCompletion,
      key: { kind: 'completion', id: 3 },
      result: { kind: 'invocation-id', invocationId: unknownInvocationId },
      appendedAt,
    },
    {
      kind: 'notification',
      type: EntryType.Signal,
      key: { kind: 'signal', index: 17 },
      result: { kind: 'failure', failure: { code: 500, message: 'no', metadata: [['a', 'b']] } },
      appendedAt,
    },
    command(
      EntryType.OneWayCall,
      encodeOneWayCall({
        serviceName: 'Greeter',
        handlerName: 'greet',
        parameter: Buffer.from(''),
        invokeTime: appendedAt,
        headers: [],
        key: '',
        invocationIdNotificationIdx: 5,
        name: '',
      }),
    ),
    command(EntryType.SetState, encodeSetState({ key: Buffer.from('count'), value: Buffer.from('1'), name: '' })),
    command(EntryType.Output, encodeOutput({ result: { kind: 'value', value: Buffer.from('"Hi"') }, name: '' })),
    command(EntryType.Output, Buffer.from([0xff])),
  ]
  admin.client.put(invocation({ journal }))
  const answer = await admin.app.inject({ url: `/invocations/${invocationId}/journal` })
  t.strictSame(answer.json(), {
    id: invocationId,
    entries: [
      {
        index: 0,
        entry_type: 'Command: Input',
        appended_at: at,
        headers: [{ name: 'content-type', value: 'application/json' }],
        body: { text: '"Ada"', size_bytes: 5 },
      },
      { index: 1, entry_type: 'Command: Run', appended_at: at, name: 'charge', completion_id: 1 },
      {
        index: 2,
        entry_type: 'Notification: Run',
        appended_at: at,
        completion_id: 1,
        result: { success: { base64: 'AP8=', size_bytes: 2 } },
      },
      { index: 3, entry_type: 'Command: Sleep', appended_at: at, wake_up_time: at, completion_id: 2 },
      { index: 4, entry_type: 'Notification: Sleep', appended_at: at, completion_id: 2, result: { void: true } },
      {
        index: 5,
        entry_type: 'Command: Call',
        appended_at: at,
        service: 'Counter',
        handler: 'add',
        key: 'bob',
        headers: [{ name: 'x-a', value: 'b' }],
        parameter: { text: '1', size_bytes: 1 },
        invocation_id_completion_id: 3,
        completion_id: 4,
      },
      {
        index: 6,
        entry_type: 'Notification: CallInvocationId',
        appended_at: at,
        completion_id: 3,
        result: { invocation_id: unknownInvocationId },
      },
      {
        index: 7,
        entry_type: 'Notification: Signal',
        appended_at: at,
        signal_index: 17,
        result: { failure: { code: 500, message: 'no', metadata: [{ name: 'a', value: 'b' }] } },
      },
      {
        index: 8,
        entry_type: 'Command: OneWayCall',
        appended_at: at,
        service: 'Greeter',
        handler: 'greet',
        headers: [],
        parameter: { text: '', size_bytes: 0 },
        invocation_id_completion_id: 5,
        invoke_time: at,
      },
      {
        index: 9,
        entry_type: 'Command: SetState',
        appended_at: at,
        key: { text: 'count', size_bytes: 5 },
        value: { text: '1', size_bytes: 1 },
      },
      {
        index: 10,
        entry_type: 'Command: Output',
        appended_at: at,
        result: { success: { text: '"Hi"', size_bytes: 4 } },
      },
      {
        index: 11,
        entry_type: 'Command: Output',
        appended_at: at,
        unreadable: answer.json().entries[11].unreadable,
      },
    ],
  })
  t.match(answer.json().entries[11].unreadable, /malformed Output message/)
})

t.test('a long journal comes in pages', async (t) => {
  await using admin = testAdmin()
  const journal = Array.from({ length: 250 }, () => ({
    kind: 'input' as const,
    headers: [],
    body: Buffer.alloc(0),
    appendedAt,
  }))
  admin.client.put(invocation({ journal }))
  const page = async (query: string) =>
    (await admin.app.inject({ url: `/invocations/${invocationId}/journal${query}` })).json()

  t.match(await page(''), { entries: { length: 100 }, next: 100 })
  const last = await page('?from=200')
  t.match(last, { entries: { length: 50, 0: { index: 200 } } })
  t.notOk('next' in last)
  t.match(await page('?from=10&limit=3'), { entries: [{ index: 10 }, { index: 11 }, { index: 12 }], next: 13 })
  t.match(await page('?from=9999'), { entries: [] })
  for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?from=-1']) {
    t.equal((await admin.app.inject({ url: `/invocations/${invocationId}/journal${query}` })).statusCode, 400, query)
  }
})

t.test('large values are cut, large pages end early', async (t) => {
  await using admin = testAdmin()
  const body = Buffer.from('ä'.repeat(50_000))
  admin.client.put(
    invocation({ journal: Array.from({ length: 100 }, () => ({ kind: 'input', headers: [], body, appendedAt })) }),
  )
  const answer = await admin.app.inject({ url: `/invocations/${invocationId}/journal` })
  const { entries, next } = answer.json()
  t.equal(next, entries.length)
  t.ok(answer.rawPayload.length < 10 * 1024 * 1024, `${answer.rawPayload.length} bytes`)
  t.strictSame(entries[0].body, { text: 'ä'.repeat(32_768), size_bytes: 100_000, truncated: true })
})
