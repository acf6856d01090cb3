import t from 'tap'
import { inputEntry, runCompletion, runEntry } from './samples.ts'
import { type Case, playAll } from './transcript.ts'

const transcripts: readonly Case[] = [
  {
    name: 'a call from end to end',
    steps: [
      { play: 'open', asks: 'arm inactivity' },
      { play: 'headers:200 Output', asks: 'arm inactivity, append output' },
      { play: 'End', asks: 'arm inactivity, end, half-close, arm drain' },
      { play: 'end-of-response:0', asks: '' },
      { play: 'closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'the response ends before the stream can be closed',
    steps: [
      {
        play: 'open headers:200 Output End',
        asks: 'arm inactivity, append output, arm inactivity, end, half-close, arm drain',
      },
      { play: 'timer:drain', asks: 'reset' },
      { play: 'lost', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'notifications go out as long as the request is open',
    steps: [
      {
        play: 'open notification:3 notification:4',
        asks: 'arm inactivity, send 3, arm inactivity, send 4, arm inactivity',
      },
      { play: 'timer:inactivity', asks: 'half-close, arm abort' },
      { play: 'notification:5', asks: '' },
      { play: 'Run', asks: 'arm abort, append run' },
      { play: 'Suspension', asks: 'arm abort, suspend 1 / 1 / seen 5, half-close, arm drain' },
      { play: 'notification:6', asks: '' },
    ],
  },
  {
    name: 'request/response',
    more: { route: { isRequestResponse: true } },
    steps: [
      { play: 'open', asks: 'half-close, arm abort' },
      { play: 'sent', asks: '' },
      { play: 'notification:1 headers:200', asks: 'arm abort' },
      { play: 'timer:inactivity', asks: '' },
      { play: 'Suspension', asks: 'arm abort, suspend 1 / 1 / seen 1, half-close, arm drain' },
    ],
  },
  {
    name: 'the abort timeout',
    steps: [
      { play: 'open timer:abort', asks: 'arm inactivity' },
      { play: 'timer:inactivity timer:abort', asks: 'half-close, arm abort, fail 500 RT0001 retry, disarm, reset' },
      { play: 'Output End', asks: '' },
      { play: 'lost', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'acknowledgements name the command, and need an open request',
    more: { journal: [inputEntry, runEntry, runEntry, runCompletion, runEntry] },
    steps: [
      {
        play: 'open headers:200 RunWithAck RunWithAck RunWithAck',
        asks: 'arm inactivity, append run, arm inactivity, append run, arm inactivity, append run',
      },
      { play: 'durable durable', asks: 'ack 4, ack 5' },
      { play: 'timer:inactivity durable', asks: 'half-close, arm abort' },
    ],
  },
  {
    name: 'End is only believed when there is an Output',
    steps: [
      {
        play: 'open headers:200 Run End',
        asks: 'arm inactivity, append run, arm inactivity, fail 500 RT0012 retry, disarm, reset',
      },
    ],
  },
  {
    name: 'an Output of an earlier attempt counts',
    more: { invocation: { output: { kind: 'value', value: Buffer.from('1') } } },
    steps: [{ play: 'open headers:200 End', asks: 'arm inactivity, end, half-close, arm drain' }],
  },
  {
    name: 'a status that is no success is drained, and its body ignored',
    steps: [
      { play: 'open headers:404', asks: 'arm inactivity, fail 500 RT0012 retry, half-close, arm drain' },
      { play: 'Output End end-of-response:0 closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'a broken rule is reset at once, and nothing is stored after it',
    steps: [
      { play: 'open headers:200 Start', asks: 'arm inactivity, fail 500 RT0012 retry, disarm, reset' },
      { play: 'Output End notification:1 timer:inactivity timer:abort', asks: '' },
    ],
  },
  {
    name: 'an Error',
    steps: [
      { play: 'open headers:200 Error', asks: 'arm inactivity, fail 500 RT0007 retry, half-close, arm drain' },
      { play: 'Error End end-of-response:0 closed closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'the connection is lost',
    steps: [
      {
        play: 'open headers:200 Output lost',
        asks: 'arm inactivity, append output, fail 500 RT0010 retry, disarm, finish',
      },
    ],
  },
  {
    name: 'the response just ends',
    steps: [
      {
        play: 'open headers:200 end-of-response:0',
        asks: 'arm inactivity, fail 500 RT0007 retry, half-close, arm drain',
      },
      { play: 'closed', asks: 'disarm, finish' },
    ],
  },
  {
    name: 'interrupted: as if it had been inactive',
    steps: [
      { play: 'open headers:200 interrupt', asks: 'arm inactivity, half-close, arm abort' },
      { play: 'interrupt timer:inactivity notification:1', asks: '' },
      { play: 'Suspension interrupt', asks: 'arm abort, suspend 1 / 1 / seen 1, half-close, arm drain' },
    ],
  },
  {
    name: 'interrupted without a stream back: nothing changes',
    more: { route: { isRequestResponse: true } },
    steps: [{ play: 'open interrupt', asks: 'half-close, arm abort' }],
  },
  {
    name: 'a Suspension while the request is open may have missed what was sent',
    steps: [
      {
        play: 'open headers:200 notification:1 Suspension',
        asks: 'arm inactivity, send 1, arm inactivity, suspend 1 / 1 / seen 1, half-close, arm drain',
      },
    ],
  },
  {
    name: 'aborted from outside: no outcome, whatever comes',
    steps: [
      { play: 'open headers:200 Output', asks: 'arm inactivity, append output' },
      { play: 'abort', asks: 'disarm, reset' },
      { play: 'Run End Start end-of-response:0 lost', asks: 'disarm, finish' },
      { play: 'abort', asks: '' },
    ],
  },
]

t.test('transcripts', async (t) => {
  playAll(t, transcripts)
})
