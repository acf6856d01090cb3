import fc from 'fast-check'
import t from 'tap'
import { formatByteSize, parseByteSize } from '../../src/config/byte-size.ts'

t.test('reads sizes', (t) => {
  const cases: readonly (readonly [text: string, bytes: number])[] = [
    ['0', 0],
    ['4096', 4096],
    ['2KiB', 2048],
    ['32 MiB', 33_554_432],
    ['32.0 MiB', 33_554_432],
    ['256MB', 256_000_000],
    ['256 mb', 256_000_000],
    ['1.5 GiB', 1_610_612_736],
    ['1k', 1000],
    ['65535 B', 65_535],
  ]
  for (const [text, bytes] of cases) t.equal(parseByteSize(text), bytes, text)
  t.end()
})

t.test('refuses what is none', (t) => {
  for (const text of ['', '-1', 'MiB', '1 XB', '1e6', '1 2', '99999999 TiB', '1.MiB', ' 1']) {
    t.throws(() => parseByteSize(text), { code: 'PERDURE_ERR_CONFIG_BYTE_SIZE_INVALID' }, text)
  }
  t.end()
})

t.test('prints with a binary unit where nothing is lost', (t) => {
  const cases: readonly (readonly [bytes: number, text: string])[] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [16_384, '16.0 KiB'],
    [1536, '1.5 KiB'],
    [33_554_432, '32.0 MiB'],
    [33_554_433, '33554433 B'],
  ]
  for (const [bytes, text] of cases) t.equal(formatByteSize(bytes), text)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 }), (bytes) => parseByteSize(formatByteSize(bytes)) === bytes),
  )
  t.end()
})
