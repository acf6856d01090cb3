import { QueryRefused } from '../../errors/query.ts'
import { float, int64 } from '../sql-type.ts'
import { type Aggregate, type AggregateCall, numberOf, sqlOf, wrongArguments } from './aggregate-functions.ts'

/** Over all values of a group at once, so that there is no window that moves. */
function overList(call: AggregateCall, sql: (list: string) => string): ReturnType<Aggregate> {
  return { sql: sql(sqlOf('json_group_array', call, [numberOf(call, 0, 1)])), type: float, isOfGroup: true }
}

function variance(isSample: 0 | 1): Aggregate {
  return (call) => overList(call, (list) => `x_variance(${list}, ${isSample})`)
}

function deviation(isSample: 0 | 1): Aggregate {
  return (call) => overList(call, (list) => `sqrt(x_variance(${list}, ${isSample}))`)
}

const median: Aggregate = (call) => overList(call, (list) => `x_percentile(${list}, 0.5)`)

/** `percentile_cont(value, part)` or `percentile_cont(part) WITHIN GROUP (ORDER BY value)`. */
const percentile: Aggregate = (call) => {
  const { within, args } = call
  const part = args[within === undefined ? 1 : 0]
  const values = within === undefined ? args.slice(0, 1) : [within.expression]
  const { literal } = part ?? {}
  if (typeof literal !== 'number' || args.length > (within === undefined ? 2 : 1)) throw wrongArguments(call)
  if (literal < 0 || literal > 1) {
    throw new QueryRefused(
      `Error during planning: Percentile value must be between 0.0 and 1.0 inclusive, ${literal} is invalid`,
    )
  }
  const wanted = within?.isDescending === true ? 1 - literal : literal
  return overList({ ...call, args: values }, (list) => `x_percentile(${list}, ${wanted})`)
}

function bits(operator: 'and' | 'or' | 'xor'): Aggregate {
  return (call) => {
    const type = call.args[0]?.type
    const result = overList(call, (list) => `x_bits(${list}, '${operator}')`)
    if (type?.kind !== 'int') throw wrongArguments(call)
    return { ...result, type: type.kind === 'int' ? type : int64 }
  }
}

function ofPairs(sql: (list: string) => string): Aggregate {
  return (call) => {
    const pair = `json_array(${numberOf(call, 0, 2)}, ${numberOf(call, 1, 2)})`
    return { sql: sql(sqlOf('json_group_array', call, [pair])), type: float, isOfGroup: true }
  }
}

const sampleCovariance = ofPairs((list) => `x_covariance(${list}, 1)`)

export const statisticsAggregates: Readonly<Record<string, Aggregate>> = {
  var: variance(1),
  var_samp: variance(1),
  var_sample: variance(1),
  var_pop: variance(0),
  var_population: variance(0),
  stddev: deviation(1),
  stddev_samp: deviation(1),
  stddev_pop: deviation(0),
  median,
  approx_median: median,
  percentile_cont: percentile,
  quantile_cont: percentile,
  approx_percentile_cont: percentile,
  bit_and: bits('and'),
  bit_or: bits('or'),
  bit_xor: bits('xor'),
  corr: ofPairs((list) => `x_correlation(${list})`),
  covar: sampleCovariance,
  covar_samp: sampleCovariance,
  covar_pop: ofPairs((list) => `x_covariance(${list}, 0)`),
}
