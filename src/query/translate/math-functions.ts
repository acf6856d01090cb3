import { float, int64 } from '../sql-type.ts'
import { argument, type ScalarFunction, typed } from './scalar-function.ts'

/** A function of floats that SQLite has under the same or another name. */
function ofFloat(name: string, sqlite = name): ScalarFunction {
  return {
    arity: [1, 1],
    translate: (args) => ({ sql: `${sqlite}(CAST(${typed(name, args, 0, 'int', 'float')} AS REAL))`, type: float }),
  }
}

const power: ScalarFunction = {
  arity: [2, 2],
  translate: (args) => ({
    sql: `pow(CAST(${typed('power', args, 0, 'int', 'float')} AS REAL), ${typed('power', args, 1, 'int', 'float')})`,
    type: float,
  }),
}

export const mathFunctions: Readonly<Record<string, ScalarFunction>> = {
  abs: {
    arity: [1, 1],
    translate(args) {
      const { type } = argument(args, 0)
      return { sql: `abs(${typed('abs', args, 0, 'int', 'float')})`, type: type.kind === 'null' ? int64 : type }
    },
  },
  ceil: ofFloat('ceil'),
  floor: ofFloat('floor'),
  sqrt: ofFloat('sqrt'),
  exp: ofFloat('exp'),
  ln: ofFloat('ln'),
  log10: ofFloat('log10'),
  log2: ofFloat('log2'),
  log: {
    arity: [1, 2],
    translate(args) {
      const values = args.map((_, place) => `CAST(${typed('log', args, place, 'int', 'float')} AS REAL)`)
      return { sql: `log(${values.join(', ')})`, type: float }
    },
  },
  cbrt: ofFloat('cbrt', 'x_cbrt'),
  signum: {
    arity: [1, 1],
    translate: (args) => ({ sql: `CAST(sign(${typed('signum', args, 0, 'int', 'float')}) AS REAL)`, type: float }),
  },
  pi: { arity: [0, 0], translate: () => ({ sql: 'pi()', type: float, nullable: false }) },
  sin: ofFloat('sin'),
  cos: ofFloat('cos'),
  tan: ofFloat('tan'),
  asin: ofFloat('asin'),
  acos: ofFloat('acos'),
  atan: ofFloat('atan'),
  degrees: ofFloat('degrees'),
  radians: ofFloat('radians'),
  trunc: ofFloat('trunc'),
  power,
  pow: { ...power, shownAs: 'power' },
  round: {
    arity: [1, 2],
    translate(args) {
      const places = args.length === 2 ? `, ${typed('round', args, 1, 'int')}` : ''
      return { sql: `round(CAST(${typed('round', args, 0, 'int', 'float')} AS REAL)${places})`, type: float }
    },
  },
}
