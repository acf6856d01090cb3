import t from 'tap'
import { editDistance, nearestName } from '../../src/config/nearest-name.ts'

t.test('counts edits', (t) => {
  const cases: readonly (readonly [left: string, right: string, edits: number])[] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['bind-port', 'bind-port', 0],
    ['bind-prt', 'bind-port', 1],
    ['kitten', 'sitting', 3],
  ]
  for (const [left, right, edits] of cases) t.equal(editDistance(left, right), edits, `${left} → ${right}`)
  t.end()
})

t.test('suggests only what is near', (t) => {
  const names = ['bind-ip', 'bind-port', 'bind-address']
  t.equal(nearestName('bind-prot', names), 'bind-port')
  t.equal(nearestName('bindport', names), 'bind-port')
  t.equal(nearestName('frobnicate', names), undefined)
  t.end()
})
