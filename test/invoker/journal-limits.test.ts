import t from 'tap'
import { retryPolicy } from './samples.ts'
import { type Case, playAll } from './transcript.ts'

const transcripts: readonly Case[] = [
  {
    name: 'a journal may be as long as the limit, and have its Output beyond it',
    steps: [
      { play: 'open grown:8 Run', asks: 'arm inactivity, append run' },
      { play: 'grown:1 Output', asks: 'arm inactivity, append output' },
      { play: 'Run', asks: 'arm inactivity, fail 500 undefined pause, disarm, reset' },
    ],
  },
  {
    name: 'results of runs need room, too',
    steps: [{ play: 'open grown:9 Propose', asks: 'arm inactivity, fail 500 undefined pause, disarm, reset' }],
  },
  ...(['pause', 'kill'] as const).map((onMaxAttempts) => ({
    name: `a journal that becomes too large: ${onMaxAttempts}`,
    more: { route: { retryPolicy: { ...retryPolicy, onMaxAttempts } } },
    steps: [
      { play: 'open LargeRun', asks: 'arm inactivity, append run' },
      {
        play: 'storedLarge LargeRun',
        asks: `arm inactivity, fail 500 undefined ${onMaxAttempts} infra, disarm, reset`,
      },
    ],
  })),
]

t.test('transcripts of journals at their limits: 10 entries, 10000 bytes', async (t) => {
  playAll(t, transcripts)
})
