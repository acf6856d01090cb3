import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createEndpointHandler } from '@restatedev/restate-sdk'
import { caller } from './services/caller.ts'
import { cell } from './services/cell.ts'
import { flow } from './services/flow.ts'
import { leaf } from './services/leaf.ts'
import { limited } from './services/limited.ts'
import { memory } from './services/memory.ts'

const server = createServer(createEndpointHandler({ services: [memory, leaf, caller, cell, flow, limited] }))
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
