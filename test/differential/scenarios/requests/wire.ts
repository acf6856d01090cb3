import { connect } from 'node:net'
import type { Client } from '../../client.ts'
import { likeThePeer } from '../../passes.ts'
import { theme } from '../../scenario.ts'

const WAIT_MS = 5000

/** Statuses of all answers to these bytes, until the server closes the connection. */
function statuses(c: Client, bytes: string): Promise<readonly string[]> {
  const { hostname, port } = new URL(c.side.ingress)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(bytes, 'latin1')))
    let text = ''
    socket.setTimeout(WAIT_MS, () => socket.destroy())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve([...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => status ?? '')))
  })
}

async function statusesOf(c: Client, rows: Readonly<Record<string, string>>): Promise<unknown> {
  const names = Object.keys(rows)
  const seen = await Promise.all(Object.values(rows).map((bytes) => statuses(c, bytes)))
  return Object.fromEntries(names.map((name, index) => [name, seen[index]]))
}

const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
const first = 'POST /Raw/nothing HTTP/1.1'
const host = 'Host: a'
const close = 'Connection: close'
const json = 'Content-Type: application/json'

/** HTTP/1 as bytes. */
export const wire = theme('requests', likeThePeer, {
  'bytes of HTTP/1 that are right': (c) =>
    statusesOf(c, {
      plain: lines(first, host, close),
      'two at once': lines(first, host) + lines(first, host, close),
      'empty lines before': `\r\n\r\n${lines(first, host, close)}`,
      'HTTP/1.0': lines('POST /Raw/nothing HTTP/1.0'),
      'HTTP/1.0 that stays': lines('POST /Raw/nothing HTTP/1.0', 'Connection: keep-alive') + lines('POST / HTTP/1.0'),
      'a URL as target': lines('POST http://a/Raw/nothing HTTP/1.1', host, close),
      'in pieces': `${lines('POST /Raw/json HTTP/1.1', host, close, json, 'Transfer-Encoding: chunked')}1\r\n1\r\n0\r\n\r\n`,
      'in pieces, with a trailer': `${lines('POST /Raw/json HTTP/1.1', host, close, json, 'Transfer-Encoding: chunked')}1\r\n1\r\n0\r\na: b\r\n\r\n`,
      'a body after a pause for it': `${lines('POST /Raw/json HTTP/1.1', host, close, json, 'Expect: 100-continue', 'Content-Length: 1')}1`,
    }),
  'bytes of HTTP/1 that are wrong': (c) =>
    statusesOf(c, {
      'folded header': lines(first, host, close, 'A: b', ' c'),
      'space before the colon': lines(first, host, close, 'A : b'),
      'no colon': lines(first, host, close, 'A'),
      'NUL in a value': lines(first, host, close, 'A: b\0c'),
      'two different lengths': `${lines(first, host, close, 'Content-Length: 0', 'Content-Length: 1')}a`,
      'signed length': `${lines(first, host, close, 'Content-Length: +0')}`,
      'unknown transfer coding': `${lines(first, host, close, 'Transfer-Encoding: xchunked')}0\r\n\r\n`,
      'chunked that is not last': `${lines(first, host, close, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
      'another version': lines('POST /Raw/nothing HTTP/3.7', host, close),
      'no version': 'POST /Raw/nothing\r\n\r\n',
      'no target': lines('POST  HTTP/1.1', host, close),
    }),
  'bytes of HTTP/1 that can be read in two ways': (c) =>
    statusesOf(c, {
      'length and pieces': `${lines(first, host, close, 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      'two equal lengths': lines(first, host, close, 'Content-Length: 0', 'Content-Length: 0'),
      'bare line feeds': `${first}\n${host}\n${close}\n\n`,
      'no Host': lines(first, close),
      'two Hosts': lines(first, host, 'Host: b', close),
      'another authority than the Host': lines('POST http://b/Raw/nothing HTTP/1.1', host, close),
      'bytes in the path that are not escaped': lines(
        'GET /restate/workflow/Flow/sch\u00c3\u00b6n/output HTTP/1.1',
        host,
        close,
      ),
    }),
})
