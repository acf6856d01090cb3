import t from 'tap'
import type { ServiceType } from '../../src/core/deployment.ts'
import { PerdureError } from '../../src/errors/perdure-error.ts'
import { type IngressRoute, parsePath } from '../../src/ingress/path.ts'
import { parseRequestTarget, queryParameter } from '../../src/ingress/request-target.ts'

const types: Record<string, ServiceType> = {
  Svc: 'Service',
  'my.svc-2': 'Service',
  Obj: 'VirtualObject',
  Wf: 'Workflow',
}

/** A route as text, or `<status> <error>`. */
function routeOf(raw: string): string {
  try {
    const { path } = parseRequestTarget(raw)
    return shown(parsePath(path, (name) => (Object.hasOwn(types, name) ? types[name] : undefined)))
  } catch (error) {
    if (!(error instanceof PerdureError)) throw error
    return `${error.status} ${error.code.slice('PERDURE_ERR_INGRESS_'.length)}`
  }
}

function shown(route: IngressRoute): string {
  switch (route.kind) {
    case 'invoke': {
      const scope = route.scope === undefined ? '' : ` in ${JSON.stringify(route.scope)}`
      const key = route.key === undefined ? '' : `[${JSON.stringify(route.key)}]`
      return `${route.mode} ${route.service}${key}.${route.handler}${scope}`
    }
    case 'result-by-id':
      return `${route.operation} ${route.id}`
    case 'result-by-idempotency-key': {
      const { service, key, handler, idempotencyKey } = route.target
      return `${route.operation} ${service}${key === undefined ? '' : `[${JSON.stringify(key)}]`}.${handler} ${JSON.stringify(idempotencyKey)}`
    }
    case 'result-by-workflow':
      return `${route.operation} ${route.name}[${JSON.stringify(route.key)}]`
    case 'by-target-body':
      return `${route.operation} by body`
    case 'awakeable':
      return `${route.operation} ${route.id}`
    case 'health':
      return 'health'
    case 'openapi':
      return 'openapi'
  }
}

const badPath = '400 BAD_PATH'
const notFound = '404 NOT_FOUND'
const noService = '404 SERVICE_NOT_FOUND'

const table: readonly (readonly [raw: string, expected: string])[] = [
  // R1 to R3
  ['/Svc/echo', 'call Svc.echo'],
  ['/my.svc-2/h', 'call my.svc-2.h'],
  ['/Obj/k1/add', 'call Obj["k1"].add'],
  ['/Wf/w/run', 'call Wf["w"].run'],
  ['/Svc/echo/send', 'send Svc.echo'],
  ['/Obj/k1/add/send', 'send Obj["k1"].add'],
  ['/Svc/echo/send?delay=1s', 'send Svc.echo'],
  ['/Svc/unknown', 'call Svc.unknown'],
  // R4 to R7
  ['/restate/call/Svc/echo', 'call Svc.echo'],
  ['/restate/call/Obj/k1/add', 'call Obj["k1"].add'],
  ['/restate/send/Svc/echo', 'send Svc.echo'],
  ['/restate/send/Obj/k1/add', 'send Obj["k1"].add'],
  ['/restate/scope/sc1/call/Svc/echo', 'call Svc.echo in "sc1"'],
  ['/restate/scope/sc%201/send/Obj/k/add', 'send Obj["k"].add in "sc 1"'],
  ['/restate/scope/s/call/Obj/k/add', 'call Obj["k"].add in "s"'],
  ['/restate/scope/sc1/poke/Svc/echo', badPath],
  ['/restate/scope/sc1', badPath],
  ['/restate/scope', badPath],
  ['/restate/scope/sc1/call', badPath],
  ['/restate/scope/%ff/call/Svc/echo', badPath],
  // R8 to R12
  ['/restate/attach/inv_1', 'attach inv_1'],
  ['/restate/output/inv_1', 'output inv_1'],
  ['/restate/attach', 'attach by body'],
  ['/restate/attach/', 'attach by body'],
  ['/restate/output', 'output by body'],
  ['/restate/lookup', 'lookup by body'],
  ['/restate/attach/inv_1/extra', badPath],
  ['/restate/output/inv_1/extra', badPath],
  ['/restate/lookup/extra', badPath],
  // R13 to R16
  ['/restate/invocation/inv_1/attach', 'attach inv_1'],
  ['/restate/invocation/inv_1/output', 'output inv_1'],
  ['/restate/invocation/Svc/echo/ik/attach', 'attach Svc.echo "ik"'],
  ['/restate/invocation/Svc/echo/ik/output', 'output Svc.echo "ik"'],
  ['/restate/invocation/Obj/ob%2F1/add/at%2F1/output', 'output Obj["ob/1"].add "at%2F1"'],
  ['/restate/invocation/Svc/echo/ik/output/extra', 'output Svc.echo "ik"'],
  ['/restate/invocation/Svc/nope/ik/output', 'output Svc.nope "ik"'],
  ['/restate/invocation/Nope/echo/ik/output', noService],
  ['/restate/invocation/inv_1', badPath],
  ['/restate/invocation', badPath],
  ['/restate/invocation/inv_1/poke', notFound],
  ['/restate/invocation/inv_1/cancel', notFound],
  ['/restate/invocation/Svc/echo/ik', badPath],
  ['/restate/invocation/Svc/echo/ik/poke', notFound],
  ['/restate/invocation/Obj/k/add/ik', badPath],
  ['/restate/workflow/Wf/w1/attach', 'attach Wf["w1"]'],
  ['/restate/workflow/Wf/w%2F1/output', 'output Wf["w/1"]'],
  ['/restate/workflow/Nope/w/output', 'output Nope["w"]'],
  ['/restate/workflow/W%66/w/output', 'output W%66["w"]'],
  ['/restate/workflow/Wf/w/output/extra', 'output Wf["w"]'],
  ['/restate/workflow/Wf/w/cancel', notFound],
  ['/restate/workflow/Wf/w', badPath],
  ['/restate/workflow/Wf', badPath],
  // R17 and R18
  ['/restate/awakeables/sign_1x/resolve', 'resolve sign_1x'],
  ['/restate/a/sign_1x/resolve', 'resolve sign_1x'],
  ['/restate/awakeables/sign_1x/reject', 'reject sign_1x'],
  ['/restate/a/sign_1x/reject', 'reject sign_1x'],
  ['/restate/a/ID/resolve/extra', 'resolve ID'],
  ['/restate/a/ID/cancel', notFound],
  ['/restate/a/ID', badPath],
  ['/restate/awakeables', badPath],
  // R19 and R20
  ['/restate/health', 'health'],
  ['/restate/health/extra/segments', 'health'],
  ['/openapi/x', notFound],
  ['/openapi/Svc/echo', notFound],
  ['/openapi', 'openapi'],
  ['/restate/openapi', notFound],
  // What there is not.
  ['/restate/foo', notFound],
  ['/restate/signal/x/y', notFound],
  ['/restate/cancel/inv_1', notFound],
  ['/restate//x', notFound],
  ['/health', badPath],
  ['/deployments/x', noService],
  ['/restatectl/x', noService],
  ['/Restate/health', noService],
  // Slashes
  ['/', badPath],
  ['//', badPath],
  ['*', badPath],
  ['', badPath],
  ['/Svc', badPath],
  ['/foo', badPath],
  ['/restate', badPath],
  ['/restate/', badPath],
  ['/1/2/3/4/5/6/7/8', badPath],
  ['//Svc/echo', 'call Svc.echo'],
  ['///Svc/echo///', 'call Svc.echo'],
  ['/Svc/echo/', 'call Svc.echo'],
  ['/Svc//echo', badPath],
  ['/Obj//add', 'call Obj[""].add'],
  ['/restate/call/Obj//add', 'call Obj[""].add'],
  ['/Svc/echo/sendx', badPath],
  ['/Svc/echo/send/x', badPath],
  ['/Svc/echo/x', badPath],
  ['/Obj/k/add/poke', badPath],
  ['/Obj/add', badPath],
  ['/restate/call/Svc/echo/send', badPath],
  ['/restate/call/Svc', badPath],
  ['/restate/call/Obj/k', badPath],
  ['/restate/call/Obj/k/add/x', badPath],
  ['/restate/call', badPath],
  ['/restate/send', badPath],
  ['/restate/call/Nope', noService],
  ['/restate/call/Nope/h', noService],
  ['/Nope/h', noService],
  ['/Nope/h/x/y', noService],
  // A handler called send
  ['/Obj/k/send', 'call Obj["k"].send'],
  ['/Obj/k/send/send', 'send Obj["k"].send'],
  ['/Svc/send', 'call Svc.send'],
  ['/Svc/send/send', 'send Svc.send'],
  // Decoding
  ['/Sv%63/echo', noService],
  ['/Svc/ech%6f', 'call Svc.ech%6f'],
  ['/Obj/a%2Fb/add', 'call Obj["a/b"].add'],
  ['/Obj/a%00b/add', 'call Obj["a\\u0000b"].add'],
  ['/Obj/%252F/add', 'call Obj["%2F"].add'],
  ['/Obj/%3F/add', 'call Obj["?"].add'],
  ['/Obj/a+b/add', 'call Obj["a+b"].add'],
  ['/Obj/%zz/add', 'call Obj["%zz"].add'],
  ['/Obj/%/add', 'call Obj["%"].add'],
  ['/Obj/%2/add', 'call Obj["%2"].add'],
  ['/Obj/%%41/add', 'call Obj["%A"].add'],
  ['/Obj/%c3%bC/add', 'call Obj["ü"].add'],
  ['/Obj/%EF%BB%BFx/add', 'call Obj["\ufeffx"].add'],
  ['/Obj/%ff/add', badPath],
  ['/Obj/%c3/add', badPath],
  ['/Obj/./add', 'call Obj["."].add'],
  ['/Obj/../add', 'call Obj[".."].add'],
  ['/Obj/%2e%2e/add', 'call Obj[".."].add'],
  ['/Obj/..%2f..%2fadmin/add', 'call Obj["../../admin"].add'],
  // Bytes as Node hands them over
  ['/Obj/\u00c3\u00bc/add', 'call Obj["ü"].add'],
  ['/Obj/\u00c3\u00bc%41/add', 'call Obj["üA"].add'],
  ['/Obj/\u00ff/add', badPath],
  // The rest of a target
  ['http://other.example/Svc/echo', 'call Svc.echo'],
  ['HTTPS://h:1/Svc/echo?x', 'call Svc.echo'],
  ['http://h', badPath],
  ['/Svc/echo#fragment', 'call Svc.echo'],
  ['/Obj/x?y/add', badPath],
]

t.test('every path has its route', async (t) => {
  for (const [raw, expected] of table) t.equal(routeOf(raw), expected, JSON.stringify(raw))
})

t.test('targets are normalised and split, not decoded', async (t) => {
  const cases: readonly (readonly [raw: string, path: string, query: string | undefined])[] = [
    ['/Svc/echo', '/Svc/echo', undefined],
    ['/Svc/echo?', '/Svc/echo', ''],
    ['/Svc/echo//?a=1?b', '/Svc/echo', 'a=1?b'],
    ['//Svc/%65cho/', '/Svc/%65cho', undefined],
    ['http://h/Svc/echo?a#b', '/Svc/echo', 'a'],
    ['http://h?x', '/', 'x'],
  ]
  for (const [raw, path, query] of cases) t.strictSame(parseRequestTarget(raw), { path, query }, raw)
})

t.test('query parameters: any case, the first one, decoded as a form', async (t) => {
  t.equal(queryParameter('a=1&DELAY=1h+30m&delay=2s', 'delay'), '1h 30m')
  t.equal(queryParameter('delay=%2B10s', 'delay'), '+10s')
  t.equal(queryParameter('delay', 'delay'), '')
  t.equal(queryParameter('delayed=1', 'delay'), undefined)
  t.equal(queryParameter('', 'delay'), undefined)
  t.equal(queryParameter(undefined, 'delay'), undefined)
})
