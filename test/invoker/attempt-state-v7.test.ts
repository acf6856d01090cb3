import t from 'tap'
import { type Case, playAll, v7 } from './transcript.ts'

const transcripts: readonly Case[] = [
  {
    name: 'V6 answers a proposal with its completion, flag or not',
    steps: [
      { play: 'open headers:200 ProposeWithAck', asks: 'arm inactivity, run 1 value' },
      { play: 'stored notification:1', asks: 'send 1, arm inactivity' },
    ],
  },
  {
    name: 'V7 acknowledges a proposal, once, if asked to',
    more: { route: v7 },
    steps: [
      { play: 'open headers:200 ProposeWithAck', asks: 'arm inactivity, run 1 value' },
      { play: 'stored notification:1', asks: 'run-ack 1, arm inactivity' },
      { play: 'stored notification:2', asks: 'send 2, arm inactivity' },
    ],
  },
  {
    name: 'V7 sends the completion when nobody asked',
    more: { route: v7 },
    steps: [
      { play: 'open headers:200 Propose', asks: 'arm inactivity, run 1 value' },
      { play: 'stored notification:1', asks: 'send 1, arm inactivity' },
    ],
  },
  {
    name: 'V7 sends the result of an earlier attempt, which is another one',
    more: { route: v7 },
    steps: [
      { play: 'open headers:200 storedOther notification:1', asks: 'arm inactivity, send 1, arm inactivity' },
      { play: 'ProposeWithAck', asks: 'arm inactivity, run 1 value' },
      { play: 'storedOther notification:2', asks: 'send 2, arm inactivity' },
    ],
  },
  {
    name: 'V7: of two proposals for one id the first one counts',
    more: { route: v7 },
    steps: [
      {
        play: 'open headers:200 ProposeWithAck ProposeWithAck',
        asks: 'arm inactivity, run 1 value, arm inactivity, run 1 value',
      },
      { play: 'stored notification:1', asks: 'run-ack 1, arm inactivity' },
    ],
  },
  {
    name: 'V7: what the handler waits for is activity',
    more: { route: v7 },
    steps: [
      { play: 'open headers:200 AwaitingOn:1 AwaitingOn:900', asks: 'arm inactivity' },
      { play: 'timer:inactivity AwaitingOn:3', asks: 'half-close, arm abort' },
    ],
  },
  {
    name: 'V7: any leaf of the tree wakes',
    more: { route: v7 },
    steps: [
      {
        play: 'open headers:200 timer:inactivity Tree',
        asks: 'arm inactivity, half-close, arm abort, suspend 4 5 3 / 1 17 / go seen 1, half-close, arm drain',
      },
    ],
  },
  ...[
    { name: 'a tree without leaves', play: 'BareTree', outcome: 'fail 500 RT0012 retry' },
    { name: 'the lists of V6', play: 'Suspension', outcome: 'fail 500 RT0012 retry' },
    { name: 'a tree that is too deep', play: 'DeepTree:901', outcome: 'fail 500 RT0025 pause' },
    { name: 'waiting that is too deep', play: 'AwaitingOn:901', outcome: 'fail 500 RT0025 pause' },
    { name: 'waiting that is malformed', play: 'BadAwaitingOn', outcome: 'fail 500 RT0012 retry' },
  ].map(({ name, play, outcome }) => ({
    name: `V7: ${name}`,
    more: { route: v7 },
    steps: [{ play: `open ${play}`, asks: `arm inactivity, ${outcome}, disarm, reset` }],
  })),
  ...['Tree', 'AwaitingOn:1'].map((play) => ({
    name: `V6 has no ${play}`,
    steps: [{ play: `open ${play}`, asks: 'arm inactivity, fail 500 RT0012 retry, disarm, reset' }],
  })),
]

t.test('transcripts of protocol V7', async (t) => {
  playAll(t, transcripts)
})
