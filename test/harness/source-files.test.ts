import { describe, expect, test } from 'vitest'
import { RULES } from './layout-rules.ts'
import {
  cycles,
  type Import,
  importsOf,
  isBarrel,
  usesAmbient,
  VAGUE_NAME,
  violations,
} from './source-files.ts'

/** A detector that cannot fail detects nothing. */
describe('the detector', () => {
  const edge = (from: string, to: string, type = false): Import => ({ from, to, type })

  test('sees every form of import, and none in comments', () => {
    const text = `
import a from './a.ts'
import { b,
  type c } from '../b.ts'
import type { D } from './d.ts'
import * as e from 'node:e'
import './side-effect.ts'
export { f } from './f.ts'
export type { G } from './g.ts'
export * from './h.ts'
export const i = await import('./i.ts')
// import './no.ts'
/* import './no.ts'
import './no.ts' */
export const text = 'import nothing'
`
    expect(importsOf('x/y.ts', text).map(({ to, type }) => `${to}${type ? ' (type)' : ''}`)).toEqual([
      'x/a.ts',
      'b.ts',
      'x/d.ts (type)',
      'node:e',
      'x/side-effect.ts',
      'x/f.ts',
      'x/g.ts (type)',
      'x/h.ts',
      'x/i.ts',
    ])
  })

  test('finds a policy that reaches into the harness, and lets it use its own folder', () => {
    const imports = [
      edge('policies/a.ts', 'harness/api.ts'),
      edge('policies/a.ts', 'policies/a/part.ts'),
      edge('policies/a.ts', 'harness/loop/loop.ts'),
      edge('policies/a.ts', 'harness/contracts.ts', true),
    ]
    expect(violations(imports, RULES)).toEqual([
      'policies/a.ts imports harness/loop/loop.ts: not for policies/',
      'policies/a.ts imports harness/contracts.ts: not for policies/',
    ])
  })

  test('finds a kernel that measures, and values where types would do', () => {
    const imports = [
      edge('harness/loop/a.ts', 'harness/contracts.ts', true),
      edge('harness/loop/a.ts', 'harness/contracts.ts'),
      edge('harness/loop/a.ts', 'harness/measure/health.ts', true),
      edge('harness/selectors/simulated.ts', 'harness/world/network.ts'),
      edge('harness/selectors/epoll.ts', 'harness/world/network.ts'),
    ]
    expect(violations(imports, RULES).map((each) => each.split(':')[0])).toEqual([
      'harness/loop/a.ts imports harness/contracts.ts',
      'harness/loop/a.ts imports harness/measure/health.ts',
      'harness/selectors/epoll.ts imports harness/world/network.ts',
    ])
  })

  test('finds rings of two, of three and of one', () => {
    const chain = [edge('a', 'b'), edge('b', 'c'), edge('a', 'c'), edge('x', 'y')]
    expect(cycles(chain)).toEqual([])
    expect(cycles([...chain, edge('b', 'a')])).toEqual([['a', 'b']])
    expect(cycles([...chain, edge('c', 'a')])).toEqual([['a', 'b', 'c']])
    expect(cycles([...chain, edge('x', 'x')])).toEqual([['x']])
  })

  test.each(['Date.now()', 'performance.now ()', 'Math.random()', 'new Date()', 'process.hrtime.bigint()'])(
    'finds %s, but not in a comment',
    (use) => {
      expect(usesAmbient(`const x = ${use}`)).toBe(true)
      expect(usesAmbient(`// not ${use}\n/* nor ${use} */ const x = new Date(text)`)).toBe(false)
    },
  )

  test('tells a barrel from a file with an export of its own', () => {
    expect(isBarrel("/** All. */\nexport { a } from './a.ts'\nexport * from './b.ts'\n")).toBe(true)
    expect(isBarrel("export { a } from './a.ts'\nexport const b = 1\n")).toBe(false)
    expect(isBarrel('')).toBe(false)
  })

  test('finds vague names', () => {
    const names = ['utils.ts', 'helper.ts', 'common.mts', 'types.ts', 'timers.ts', 'type-cycle.ts']
    expect(names.filter((name) => VAGUE_NAME.test(name))).toEqual(names.slice(0, 4))
  })
})
