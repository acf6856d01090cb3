/** Where the run sees a difference: in scenarios of this name, at these places of what they observed. */
export interface Sighting {
  readonly scenario: RegExp
  readonly at: RegExp
  /** What our server shows there, as JSON; `nothing` if the place is not there. */
  readonly ours: RegExp
}

/** A deliberate difference, in the words of docs/compatibility.md. */
export interface ExpectedDifference {
  readonly restate: string
  readonly perdure: string
  readonly why: string
  /** Empty where a short run against a server that must stay up cannot see it; other tests have it. */
  readonly seenIn: readonly Sighting[]
}

/** Turned into what Restate does by `compatibility = "restate"`. */
export const differencesAtIngress: readonly ExpectedDifference[] = [
  {
    restate: 'Handlers and journal get every request header but four',
    perdure: 'They get those of an allow-list; a name that carries credentials must be spelled out',
    why: 'Credentials of callers would be stored in clear as long as the journal is',
    seenIn: [
      { scenario: /^ingress: headers that reach the handler$/, at: /^body\.0\.content-length$/, ours: /^nothing$/ },
      { scenario: /^ingress: (custom headers|credentials)$/, at: /^body\.[01]$/, ours: /^null$/ },
    ],
  },
  {
    restate: 'Of a repeated header, the first value counts',
    perdure: 'Its values are joined with commas, as HTTP says',
    why: 'Values were lost',
    seenIn: [{ scenario: /^ingress: a repeated header$/, at: /^body\.0$/, ours: /^"de, fr"$/ }],
  },
  {
    restate: 'The query string is journaled, in `x-restate-ingress-path`',
    perdure: 'The path alone is',
    why: 'Query strings carry tokens',
    seenIn: [{ scenario: /^ingress: the query string$/, at: /^body\.0$/, ours: /^"\/Script\/run"$/ }],
  },
  {
    restate: 'Pages of every web origin may call, with credentials',
    perdure: 'Pages of the origins that are configured; none by default',
    why: 'Any page in a browser could call the services that the browser can reach',
    seenIn: [
      { scenario: /^ingress: cross-origin requests$/, at: /^(credentials|origin|preflightOrigin)$/, ours: /^null$/ },
    ],
  },
  {
    restate: 'A result that has expired is given out until an hourly scan removes it',
    perdure: 'It is gone when it has expired, and its idempotency key runs again',
    why: 'A retention is a promise in both directions',
    seenIn: [{ scenario: /^expiry: a key that has expired$/, at: /^late\.(body\.0|expires)$/, ours: /^(2|nothing)$/ }],
  },
]

/** Always there. */
export const differencesEverywhere: readonly ExpectedDifference[] = [
  {
    restate: 'A caller can forge `x-restate-*` headers',
    perdure: 'They are dropped; the value of the server wins',
    why: 'Handlers trust them',
    seenIn: [{ scenario: /^ingress: a forged header of the server$/, at: /^body\.0$/, ours: /^"\/Script\/run"$/ }],
  },
  {
    restate: 'A body that `lookup`, `attach` or `output` cannot read is answered 500, with a stack trace',
    perdure: '400',
    why: 'It is the mistake of the caller',
    seenIn: [
      {
        scenario: /^ingress: targets that cannot be read$/,
        at: /^(broken|empty|incomplete)\.(status|body\.code)$/,
        ours: /^400$/,
      },
    ],
  },
  {
    restate: 'An invocation killed after its last attempt gives its callers the stack trace of the service',
    perdure: 'They get code and message alone',
    why: 'Stack traces tell strangers how a service is built',
    seenIn: [
      {
        scenario:
          /^(retries: (used up, then killed|the budget is not renewed by progress)|combinators: any, with failures only)$/,
        at: /^(answer\.)?body\.stacktrace$/,
        ours: /^nothing$/,
      },
    ],
  },
  {
    restate: 'A second completion of an awakeable or signal is journaled beside the first',
    perdure: 'The first one counts; later ones are dropped',
    why: 'What a handler sees must not depend on when it looks',
    seenIn: [{ scenario: /^awakeables: resolved twice /, at: /^journal$/, ours: /^(?!.*Signal.*Signal)/ }],
  },
  {
    restate: 'Pausing is forgotten in a crash, and does nothing to what is suspended',
    perdure: 'Pausing is durable, and pauses what is suspended, too',
    why: 'What an operator has stopped must stay stopped',
    seenIn: [
      {
        scenario: /^pause and resume: pause what (waits|is suspended)$/,
        at: /^(paused\.status|status)$/,
        ours: /^(202|"paused")$/,
      },
    ],
  },
  {
    restate: 'Killing an invocation also kills its one-way calls, delayed ones included',
    perdure: 'It kills the calls that it waits for; one-way calls go on',
    why: 'So it is documented, and so cancelling works',
    seenIn: [
      {
        scenario: /^kill and purge: kill and (delayed )?one-way calls$/,
        at: /^sent\./,
        ours: /^(200|nothing|true|"invocation \d"|\[1,null,"went on"\]|\["sent"\])$/,
      },
    ],
  },
  {
    restate:
      'A service that ends without a result leaves the invocation hanging; some malformed messages stop the server',
    perdure: 'The attempt fails with an error that says what was wrong; nothing of the message is stored',
    why: 'No service may harm others',
    seenIn: [
      { scenario: /^attach and output by the wire: an end without a result$/, at: /^status$/, ours: /^"paused"$/ },
    ],
  },
  {
    restate: 'An invocation that is restarted from an entry draws other random numbers than before',
    perdure: 'It draws the same ones',
    why: 'Entries that were made with them would no longer match, and it could never go on',
    seenIn: [
      { scenario: /^restart as new: random numbers go on from an entry$/, at: /^same(Before|After)$/, ours: /^true$/ },
      { scenario: /^restart as new: random numbers that are in the entries$/, at: /^$/, ours: /^"completed"$/ },
    ],
  },
  {
    restate: 'With lazy state, keys are listed shorter ones first',
    perdure: 'They are listed in the order of their bytes, as with eager state',
    why: 'Lazy or eager is about speed, not about results',
    seenIn: [{ scenario: /^objects: keys are sorted$/, at: /^body\.0\.\d+$/, ours: /^"(a\.b|z|ä)"$/ }],
  },
  {
    restate: 'A restart makes every invocation that backs off try again at once, with all its attempts before it',
    perdure: 'Back-off and attempts survive; invocations that were running start again spread over a short time',
    why: 'A service that is down is not helped by a stampede',
    seenIn: [],
  },
  {
    restate: 'Delayed sends that are due at the same time start in any order',
    perdure: 'They start in the order in which they were sent',
    why: 'It costs nothing',
    seenIn: [],
  },
  {
    restate: 'Admin and fabric listen on all interfaces, and take any Host and Origin',
    perdure:
      'They listen on loopback and on Unix sockets that only the user of the server may open, and refuse foreign Hosts and Origins',
    why: 'Whoever reaches them controls the server',
    seenIn: [],
  },
  {
    restate: 'A registration connects anywhere, and shows what it read there',
    perdure: 'An egress policy is checked at every connect; metadata services and link-local addresses are refused',
    why: 'Else the server reads for others what they cannot reach',
    seenIn: [],
  },
  {
    restate: 'Clients may take as long as they like',
    perdure: 'Headers, bodies and idle connections have limits',
    why: 'Slow clients would use up the server',
    seenIn: [],
  },
  {
    restate: 'Unknown configuration keys are ignored',
    perdure: 'They stop the start, with the nearest known name',
    why: 'A misspelt key that protects something protects nothing',
    seenIn: [],
  },
]
