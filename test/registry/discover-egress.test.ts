import { connect, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import t from 'tap'
import { DefaultEgressPolicy } from '../../src/invoker/egress/default-egress-policy.ts'
import { parseDeploymentUri } from '../../src/registry/deployment-uri.ts'
import { discover } from '../../src/registry/discover.ts'
import { answerManifest, h2c } from './endpoints.ts'

const egressDenied = { code: 'PERDURE_ERR_INVOKER_EGRESS_DENIED', status: 400 }

/** The real connect, recording what it is asked for and which addresses the socket then tries. */
function recordingConnect() {
  const asked: TcpNetConnectOpts[] = []
  const tried: string[] = []
  const connectTcp = (options: TcpNetConnectOpts): Socket => {
    asked.push(options)
    const socket = connect(options)
    socket.on('connectionAttempt', (address: string) => tried.push(address))
    return socket
  }
  return { asked, tried, connectTcp }
}

function resolvingTo(...answers: string[][]): LookupFunction {
  let look = 0
  return (_hostname, _options, callback) => {
    const addresses = answers[Math.min(look++, answers.length - 1)] ?? []
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(() => callback(null, found))
  }
}

for (const http11 of [false, true]) {
  t.test(http11 ? 'HTTP/1.1' : 'HTTP/2', async (t) => {
    const discoverAt = (uri: string, egress: DefaultEgressPolicy, recording: ReturnType<typeof recordingConnect>) =>
      discover(
        { url: parseDeploymentUri(uri), useHttp11: http11, additionalHeaders: [] },
        { dialer: { egress, connectTcp: recording.connectTcp }, clusterName: 'c' },
      )

    t.test('a denied literal address: no socket at all', async (t) => {
      for (const host of [
        '169.254.169.254',
        '2852039166',
        '[::ffff:a9fe:a9fe]',
        '[fe80::1]',
        'metadata.google.internal',
      ]) {
        const recording = recordingConnect()
        await t.rejects(discoverAt(`http://${host}/`, new DefaultEgressPolicy(), recording), egressDenied, host)
        await t.rejects(discoverAt(`https://${host}/`, new DefaultEgressPolicy(), recording), egressDenied, host)
        t.same(recording.asked, [])
      }
    })

    t.test('a name with a denied answer: no address is tried, and no second attempt made', async (t) => {
      for (const answers of [['169.254.169.254'], ['127.0.0.1', 'fe80::1'], ['fd00:ec2::254', '127.0.0.1']]) {
        const recording = recordingConnect()
        const egress = new DefaultEgressPolicy({ resolve: resolvingTo(answers) })
        await t.rejects(discoverAt('http://service.example:9080/', egress, recording), egressDenied, answers.join())
        t.equal(recording.asked.length, 1)
        t.same(recording.tried, [])
      }
    })

    t.test('rebinding between two attempts', async (t) => {
      const recording = recordingConnect()
      const egress = new DefaultEgressPolicy({ resolve: resolvingTo(['127.0.0.1'], ['169.254.169.254']) })
      // Port 1 of loopback is closed: the first attempt fails, the second resolves anew.
      await t.rejects(discoverAt('http://service.example:1/', egress, recording), egressDenied)
      t.equal(recording.asked.length, 2)
      t.same(recording.tried, ['127.0.0.1'])
    })

    t.test('an own listener, by address and by name', async (t) => {
      let requests = 0
      const base = await h2c(t, (stream) => {
        requests++
        answerManifest(stream)
      })
      const { port } = new URL(base)
      const egress = new DefaultEgressPolicy({
        ownListeners: () => [{ address: '127.0.0.1', port: Number(port) }],
        resolve: resolvingTo(['127.0.0.1']),
      })
      const recording = recordingConnect()
      await t.rejects(discoverAt(base, egress, recording), egressDenied)
      await t.rejects(discoverAt(`http://me.example:${port}/`, egress, recording), egressDenied)
      t.same(recording.tried, [])
      t.equal(requests, 0)
    })
  })
}

t.test('an allowed name reaches the address that was checked', async (t) => {
  const base = await h2c(t, (stream) => answerManifest(stream))
  const recording = recordingConnect()
  const discovered = await discover(
    {
      url: parseDeploymentUri(`http://service.example:${new URL(base).port}/`),
      useHttp11: false,
      additionalHeaders: [],
    },
    {
      dialer: {
        egress: new DefaultEgressPolicy({ resolve: resolvingTo(['127.0.0.1'], ['169.254.169.254']) }),
        connectTcp: recording.connectTcp,
      },
      clusterName: 'c',
    },
  )
  t.match(discovered.manifest.services, [{ name: 'Greeter' }])
  t.same(recording.tried, ['127.0.0.1'])
})
