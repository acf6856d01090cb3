import { openSegmentLog } from '../../src/log/segment-log.ts'
import { numberedBatch } from './scratch-log.ts'

// Appends numbered batches from a number on, some at a time, and prints each number when it is durable.
// Exits with 1 if the log is refused.
const [directory = '', first = '0', atATime = '1'] = process.argv.slice(2)

const log = await openSegmentLog({
  directory,
  segmentSizeBytes: 100_000,
  onFatal(error) {
    throw error
  },
}).catch(() => process.exit(1))
console.log('open')

let number = Number(first)
const appendNext = () => {
  const n = number++
  log.append(numberedBatch(n, 1 + ((n * 37) % 3000)), () => {
    console.log(n)
    appendNext()
  })
}
for (let i = 0; i < Number(atATime); i++) appendNext()
