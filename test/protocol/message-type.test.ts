import t from 'tap'
import { EntryType } from '../../src/core/entry-type.ts'
import { MessageType, messageClass, messageTypeName } from '../../src/protocol/message-type.ts'
import { codecOf } from './codecs.ts'

t.test('commands and notifications have the numbers of journal entries, and every message has a codec', (t) => {
  const entries = Object.fromEntries(Object.entries(MessageType).filter(([, type]) => messageClass(type) !== 'control'))
  t.strictSame(entries, { ...EntryType })
  for (const type of Object.values(MessageType)) t.doesNotThrow(() => codecOf(type), messageTypeName(type))
  t.end()
})

t.test('names and classes at the edges of the ranges', (t) => {
  t.equal(messageTypeName(0x0411), 'Run')
  t.equal(messageTypeName(0xfbff), 'Signal')
  t.equal(messageTypeName(0x040f), 'unknown (0x040f)')
  t.strictSame([0, 0x3ff, 0x400, 0x7fff, 0x8000, 0xfbff, 0xfc00, 0xffff].map(messageClass), [
    'control',
    'control',
    'command',
    'command',
    'notification',
    'notification',
    'custom',
    'custom',
  ])
  t.end()
})
