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
      {
        scenario: /^requests: headers that handlers get$/,
        at: /^(none|known)\.http1\.(body\.0|headers)\.content-length$/,
        ours: /^(nothing|"\d+")$/,
      },
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
      {
        scenario: /^requests: /,
        at: /\.headers\.(vary|access-control-allow-(credentials|origin|methods|headers))$/,
        ours: /^nothing$/,
      },
      {
        scenario: /^requests: (cross-origin requests|paths that lead nowhere)$/,
        at: /^(preflight.*|OPTIONS.*|asterisk)\.http[12]\.(status|body|headers\.(content-type|x-restate-error-source))$/,
        ours: /^(40[045]|"application\/json"|"ingress"|\{"code":40[045],.*)$/,
      },
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
      {
        scenario: /^requests: targets of (lookup|attach|output)$/,
        at: /\.http[12]\.(status|body\.code)$/,
        ours: /^400$/,
      },
    ],
  },
  {
    restate: '`/openapi` of ingress is 400',
    perdure: 'It is the OpenAPI document of all public services',
    why: 'Callers cannot reach the admin API, where the documents of services are',
    seenIn: [{ scenario: /^requests: openapi alone$/, at: /^status$/, ours: /^200$/ }],
  },
  {
    restate:
      'From the id of an awakeable, ids of the server’s own signals can be made at ingress, and cancel the invocation',
    perdure: 'Ids of other signals than awakeables are 400',
    why: 'Who may complete an awakeable may not cancel',
    seenIn: [
      {
        scenario: /^requests: ids of the server's own signals$/,
        at: /^(cancellation|the last one)\.http[12]\.(status|body|headers\.(content-type|x-restate-error-source))$/,
        ours: /^(400|"application\/json"|"ingress"|\{"code":400,.*)$/,
      },
    ],
  },
  {
    restate: 'A terminal error with code 204, 205 or 304 is answered with a content type, or a body',
    perdure: 'These have neither',
    why: 'HTTP forbids it: clients close the connection',
    seenIn: [
      {
        scenario: /^requests: codes of terminal errors$/,
        at: /^(20[45]|304)\.http[12]\.(body|headers\.content-(type|length))$/,
        ours: /^(nothing|""|"0")$/,
      },
    ],
  },
  {
    restate: 'A terminal error with a code from 600 to 999 is answered with that status',
    perdure: 'So it is over HTTP/1.1; over HTTP/2 the status is 500, and the code is in the body',
    why: 'Node’s HTTP/2 has no such statuses',
    seenIn: [{ scenario: /^requests: codes of terminal errors$/, at: /^(600|799|999)\.http2\.status$/, ours: /^500$/ }],
  },
  {
    restate:
      'A body that declares to be too long is 413 as plain text, and a request that is no HTTP is 400 with nothing',
    perdure: 'These are JSON, with a source, like all other errors',
    why: 'Clients have one shape to read',
    seenIn: [
      {
        scenario: /^requests: bodies at the limit$/,
        at: /^(one byte|far) over it.*\.http1\.(body|headers\.(content-(type|length)|x-restate-error-source))$/,
        ours: /^(nothing|"application\/json"|"ingress"|\{"code":413,.*)$/,
      },
    ],
  },
  {
    restate:
      'HTTP/1.1 with both Content-Length and Transfer-Encoding, two equal lengths, bare line feeds, no Host or two, a URL of another host, or unescaped bytes in the path, is served',
    perdure: '400, and the connection is closed',
    why: 'What a proxy before the server reads in another way is how requests are smuggled',
    seenIn: [
      {
        scenario: /^requests: bytes of HTTP\/1 that can be read in two ways$/,
        at: /^(length and pieces|two equal lengths|bare line feeds|no Host|two Hosts|another authority.*|bytes in the path.*)\.0$/,
        ours: /^"400"$/,
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
          /^(retries: (used up, then killed|the budget is not renewed by progress)|combinators: any, with failures only|pause and resume: the attempts of one that is resumed while it backs off are counted on)$/,
        at: /^((answer|result)\.)?body\.stacktrace$/,
        ours: /^nothing$/,
      },
      {
        scenario: /^requests: failures on the way$/,
        at: /^of all attempts, then killed\.http[12]\.(body\.stacktrace|headers\.content-length)$/,
        ours: /^(nothing|"\d+")$/,
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
    restate: 'Kafka clusters and limiter rules can be made through the admin API; any vqueue is paused with 202',
    perdure: 'Reads answer as where there are none; these writes are refused with 501 and say what to do instead',
    why: 'A limit or a pause that nothing obeys is worse than none',
    seenIn: [
      {
        scenario: /^admin routes: limiter rules$/,
        at: /^PUT \/limits\/rules\.9\.(body|status)$/,
        ours: /^(501|\{"message":"perdure has no limiter rules\. .*)$/,
      },
      {
        scenario: /^admin routes: vqueues$/,
        at: /^POST \/vqueues\/vq_\w+\/(pause|resume)\.0\.(body|status|type)$/,
        ours: /^(501|"application\/json"|\{"message":"perdure has no vqueues\. .*)$/,
      },
    ],
  },
  {
    restate: 'The admin port has a web console',
    perdure: 'It has none; the CLI, SQL and `GET /invocations/{id}/journal` show what there is',
    why: 'A console is a program of its own',
    seenIn: [{ scenario: /^admin routes: server$/, at: /^GET \/ui\.0\.(location|status)$/, ours: /^(404|null)$/ }],
  },
  {
    restate: 'When a service that is asked to decode or encode a payload fails, its answer is shown, with its headers',
    perdure: 'Its status is',
    why: 'It may be the answer of another system',
    // Answers of admin are compared without their texts.
    seenIn: [],
  },
  {
    restate: 'A change of state with a version that no state can have, or with a scope, is answered 202',
    perdure: '400',
    why: 'The caller would never learn that nothing has changed',
    seenIn: [
      {
        scenario: /^admin routes: state$/,
        at: /^POST \/services\/\{object\}\/state\.[45]\.(body|status|type)$/,
        ours: /^(400|"application\/json"|\{"message":"The request field '(version|scope)' is invalid\. .*)$/,
      },
    ],
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
      'They listen on loopback and on Unix sockets that only the user of the server may open, and refuse foreign Hosts and Origins; beyond this machine they start only with tokens, client certificates, or a key that says so',
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
