export type QueryFormat = 'json' | 'arrow'

/** The official CLI compares the JSON type letter by letter. */
export const contentTypes: Readonly<Record<QueryFormat, string>> = {
  json: 'application/json',
  arrow: 'application/vnd.apache.arrow.stream',
}

/** Only this very `Accept` gives JSON; everything else, `*` and nothing included, gives Arrow (peer 1.7.12). */
export function formatFor(accept: string | undefined): QueryFormat {
  return accept === 'application/json' ? 'json' : 'arrow'
}
