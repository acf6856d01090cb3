import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk } from './fill-disk.ts'

// Started by a test where a small file system of its own is mounted; prints how a log fared there.
const [, , mounted = ''] = process.argv
const ballast = join(mounted, 'ballast')
writeFileSync(ballast, Buffer.alloc(200_000))
const story = await fillDisk(join(mounted, 'log'), () => rmSync(ballast))
process.stdout.write(JSON.stringify(story))
