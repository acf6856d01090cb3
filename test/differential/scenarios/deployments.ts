import type { Answer } from '../answers.ts'
import type { Client } from '../client.ts'
import { bothModes } from '../passes.ts'
import { theme } from '../scenario.ts'
import type { Program } from '../service/program.ts'

/** A service of the scenario's own. */
const nameOf = (c: Client) => c.ownService + c.pass.suffix

/** What there is to know of a registration, without what every service has. */
const registration = ({ status, body }: Answer) => {
  const { id, services, restate_code } = Object(body)
  return {
    status,
    ...(id !== undefined && { id }),
    ...(restate_code !== undefined && { restate_code }),
    ...(Array.isArray(services) && {
      services: services.map(({ name, ty, revision, handlers }) => ({
        name,
        ty,
        revision,
        handlers: Array.isArray(handlers) ? handlers.map((handler) => handler.name).toSorted() : handlers,
      })),
    }),
  }
}

const serviceNow = async (c: Client, name: string) => {
  const { status, body } = await c.admin('GET', `/services/${name}`)
  const { ty, revision, deployment_id } = Object(body)
  return { status, ty, revision, deployment_id }
}

const call = (c: Client, name: string, program: Program) => c.ingress('POST', `/${name}/run`, program)
const idOf = ({ body }: Answer) => String(Object(body).id)

/** The answer of the version that is called, when it is this one: a change may take a moment to reach ingress. */
const calledWhen = (c: Client, version: number) =>
  c.eventually(
    () => call(c, nameOf(c), [['version']]),
    ({ body }) => Array.isArray(body) && body[0] === version,
  )

const calledWhenStatus = (c: Client, wanted: number) =>
  c.eventually(
    () => call(c, nameOf(c), [['version']]),
    ({ status }) => status === wanted,
  )

/** Deploys a revision; done when it takes calls. */
const deployed = async (c: Client, version: number) => {
  const answer = await c.deploy(nameOf(c), version)
  await calledWhen(c, version)
  return answer
}

/** Starts an invocation; it is known to run when its journal has `entries`. */
const begin = async (c: Client, name: string, program: Program, entries: number) => {
  const { id = '' } = await c.ingress('POST', `/${name}/run/send`, program)
  await c.eventually(
    () => c.journal(id),
    ({ length }) => length >= entries,
  )
  return id
}

export const deployments = theme('deployments', bothModes, {
  'a first one': async (c) => {
    const name = nameOf(c)
    return {
      deployed: registration(await deployed(c, 1)),
      service: await serviceNow(c, name),
      call: await call(c, name, [['version']]),
    }
  },
  'a new revision takes new calls': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const old = await call(c, name, [['version']])
    const registered = registration(await deployed(c, 2))
    return { old, registered, service: await serviceNow(c, name), call: await call(c, name, [['version']]) }
  },
  'the same address again': async (c) => {
    const name = nameOf(c)
    const first = registration(await deployed(c, 1))
    return {
      first,
      again: registration(await deployed(c, 1)),
      forced: registration(await c.deploy(name, 1, 'service', { force: true })),
    }
  },
  'a dry run': async (c) => {
    const name = nameOf(c)
    const dry = registration(await c.deploy(name, 1, 'service', { dry_run: true }))
    return { dry, service: await serviceNow(c, name) }
  },
  'what has begun stays on its deployment': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const id = await begin(
      c,
      name,
      [['run', 'stored', 1], ['gate', c.key], ['crash', 1, 'one more attempt'], ['version']],
      3,
    )
    await deployed(c, 2)
    await c.open(c.key)
    return { begun: await c.attach(id), other: await call(c, name, [['version']]) }
  },
  'what has stored nothing moves on': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const { id = '' } = await c.ingress('POST', `/${name}/run/send`, [
      ['gate', c.key],
      ['crash', 1, 'once'],
      ['version'],
    ])
    await c.eventually(
      () => c.attempts(id),
      (attempts) => attempts === 1,
    )
    await deployed(c, 2)
    await c.open(c.key)
    return c.attach(id)
  },
  'what is scheduled starts on the latest': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const { id = '' } = await c.ingress('POST', `/${name}/run/send?delay=4s`, [['version']])
    await deployed(c, 2)
    return c.attach(id)
  },
  'calls between revisions go to the latest': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const id = await begin(
      c,
      name,
      [['run', 'stored', 1], ['gate', c.key], ['call', `${c.ownService}/run`, [['version']]], ['version']],
      3,
    )
    await deployed(c, 2)
    await c.open(c.key)
    return c.attach(id)
  },
  'a service may not become an object': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    return { refused: registration(await c.deploy(name, 2, 'object')), service: await serviceNow(c, name) }
  },
  'unless that is asked for': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    return {
      breaking: registration(await c.deploy(name, 2, 'object', { breaking: true })),
      service: await serviceNow(c, name),
      forced: registration(await c.deploy(name, 3, 'service', { force: true })),
    }
  },
  'a handler may go': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const { id = '' } = await call(c, name, [['value', 1]])
    const registered = registration(await c.deploy(name, 2, 'without-run'))
    return { registered, call: await calledWhenStatus(c, 404), output: (await c.output(id)).status }
  },
  'cannot be removed without force': async (c) => {
    const name = nameOf(c)
    const id = idOf(await deployed(c, 1))
    return {
      removed: await c.admin('DELETE', `/deployments/${id}`),
      word: await c.admin('DELETE', `/deployments/${id}?force=maybe`),
      call: await call(c, name, [['version']]),
    }
  },
  'the latest removed, the one before it is back': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const latest = idOf(await deployed(c, 2))
    const removed = await c.admin('DELETE', `/deployments/${latest}?force=true`)
    return {
      removed,
      service: await serviceNow(c, name),
      call: await calledWhen(c, 1),
      again: registration(await deployed(c, 3)).status,
    }
  },
  'the only one removed': async (c) => {
    const name = nameOf(c)
    const id = idOf(await deployed(c, 1))
    const removed = await c.admin('DELETE', `/deployments/${id}?force=true`)
    return {
      removed,
      service: await serviceNow(c, name),
      call: await calledWhenStatus(c, 404),
      again: await c.admin('DELETE', `/deployments/${id}?force=true`),
    }
  },
  'removed under an invocation': async (c) => {
    const name = nameOf(c)
    const old = idOf(await deployed(c, 1))
    const id = await begin(
      c,
      name,
      [['run', 'stored', 1], ['gate', c.key], ['crash', 1, 'one more attempt'], ['version']],
      3,
    )
    await deployed(c, 2)
    const removed = await c.admin('DELETE', `/deployments/${old}?force=true`)
    await c.open(c.key)
    const status = await c.until(id, 'backing-off')
    const killed = await c.operate(id, 'kill')
    return { removed, status, killed, result: await c.attach(id) }
  },
  'resumed onto the latest': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const id = await begin(
      c,
      name,
      [['run', 'stored', 1], ['start', 'w', ['awakeable', 'w']], ['runPausing', 'p'], ['await', 'w'], ['version']],
      3,
    )
    await c.until(id, 'paused')
    await deployed(c, 2)
    const resumed = await c.operate(id, 'resume?deployment=latest')
    await c.resolve(c.awakeable(id), 1)
    return { resumed, result: await c.attach(id) }
  },
  'resumed onto one that is named': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const id = await begin(c, name, [['run', 'stored', 1], ['runPausing', 'p'], ['version']], 3)
    await c.until(id, 'paused')
    const second = idOf(await deployed(c, 2))
    await deployed(c, 3)
    const bad = await c.operate(id, 'resume?deployment=dp_14LsPzGz9HBxXIeBoH5wYUh')
    const resumed = await c.operate(id, `resume?deployment=${second}`)
    return { bad, resumed, result: await c.attach(id) }
  },
  'restarted on the latest, or where it was': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const { id = '' } = await call(c, name, [['run', 'a', 1], ['version']])
    await deployed(c, 2)
    const results: Answer[] = []
    for (const deployment of ['', '?deployment=keep', '?deployment=latest']) {
      const { body } = await c.operate(id, `restart-as-new${deployment}`)
      results.push(await c.attach(String(Object(body).new_invocation_id)))
    }
    return results
  },
  'an address where nobody is': async (c) =>
    registration(await c.admin('POST', '/deployments', { uri: 'http://127.0.0.1:9/' })),
  'an address without services': async (c) =>
    registration(await c.admin('POST', '/deployments', { uri: c.revisionUri('x', 1).replace('/revision/', '/none/') })),
  'an address that is none': async (c) => registration(await c.admin('POST', '/deployments', { uri: 'nowhere' })),
  'reserved names': async (c) => registration(await c.deploy('restateThings', 1)),
  'made private': async (c) => {
    const name = nameOf(c)
    await deployed(c, 1)
    const changed = (await c.admin('PATCH', `/services/${name}`, { public: false })).status
    const hidden = await calledWhenStatus(c, 400)
    const inner = await c.run('Script/run', [['call', `${c.ownService}/run`, [['version']]]])
    await c.admin('PATCH', `/services/${name}`, { public: true })
    return { changed, hidden, inner, shown: await calledWhenStatus(c, 200) }
  },
  listed: async (c) => {
    const name = nameOf(c)
    const id = idOf(await c.deploy(name, 1, 'service', { metadata: { a: 'b' } }))
    const { body, status } = await c.admin('GET', `/deployments/${id}`)
    const { uri: _uri, services, ...rest } = Object(body)
    return {
      status,
      rest,
      services: Array.isArray(services) ? services.map(({ handlers: _handlers, ...service }) => service) : services,
      unknown: await c.admin('GET', '/deployments/dp_14LsPzGz9HBxXIeBoH5wYUh'),
    }
  },
  'moved to another address': async (c) => {
    const name = nameOf(c)
    const id = idOf(await deployed(c, 1))
    const moved = await c.admin('PATCH', `/deployments/${id}`, { uri: c.revisionUri(name, 2) })
    return { status: moved.status, service: await serviceNow(c, name), call: await calledWhen(c, 2) }
  },
})
