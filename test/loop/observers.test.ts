import { describe, expect, it } from 'vitest'
import type { LoopObserver } from '../../harness/contracts.ts'
import { Bench, MS } from './bench.ts'

const HOOKS = [
  'handlePushed',
  'handleStarted',
  'handleFinished',
  'taskSpawned',
  'taskFinished',
  'turnStarted',
  'selected',
] as const

/** Writes every call into a log. */
function recorder(name: string, log: unknown[]): LoopObserver {
  const hooks = HOOKS.map((hook) => [
    hook,
    (...args: unknown[]) => log.push([name, hook, ...args.filter(isNumber)]),
  ])
  return { name, ...Object.fromEntries(hooks) }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

describe('observers', () => {
  it('see what happens, with times', async () => {
    const log: unknown[] = []
    const bench = new Bench({ observers: [recorder('o', log)] })
    bench.loop.spawn(() => bench.loop.work(5))
    await bench.turns(1)
    expect(log).toEqual([
      ['o', 'handlePushed'],
      ['o', 'taskSpawned'],
      ['o', 'turnStarted', 0, 1],
      ['o', 'selected', 0, 0, 0],
      ['o', 'handleStarted', 0],
      ['o', 'taskFinished'],
      ['o', 'handleFinished', 0, 5],
    ])
  })

  it('of the user and of the policy are called one after the other', async () => {
    const log: unknown[] = []
    const only = (name: string) => ({ name, handleStarted: () => log.push(name) })
    const bench = new Bench({ observers: [only('a'), only('b')], policyObservers: [only('policy')] })
    bench.loop.callSoon(() => {})
    await bench.turns(1)
    expect(log).toEqual(['a', 'b', 'policy'])
  })

  it.each(HOOKS)('that throw in %s are switched off and reported, and the others go on', async (hook) => {
    const log: unknown[] = []
    const broken = {
      name: 'broken',
      ...Object.fromEntries(HOOKS.map((each) => [each, each === hook ? throwing : () => log.push(each)])),
    }
    const bench = new Bench({ observers: [broken, { name: 'good', [hook]: () => log.push('good') }] })
    bench.loop.spawn(async () => {})
    await bench.settle()
    bench.loop.spawn(async () => {})
    await bench.settle()
    expect(bench.loop.observers.findings).toEqual([
      {
        kind: 'observer-error',
        message: `Observer 'broken' threw in ${hook} and was switched off: broken`,
      },
    ])
    expect([...bench.loop.observers.active].map((each) => each.name)).toEqual(['event-log', 'good'])
    expect(log.filter((each) => each === 'good').length).toBeGreaterThan(1)
  })

  it('that throw in every hook are reported once', async () => {
    const hooks = Object.fromEntries(HOOKS.map((hook) => [hook, throwing]))
    const bench = new Bench({ observers: [{ name: 'broken', ...hooks }] })
    bench.loop.callSoon(bench.note('ran'))
    await bench.turns(2)
    expect(bench.log).toEqual(['ran'])
    expect(bench.loop.observers.findings).toHaveLength(1)
  })

  it('keep their own `this`', async () => {
    class Counter implements LoopObserver {
      readonly name = 'counter'
      #count = 0
      handlePushed(): void {
        this.#count++
      }
      get count(): number {
        return this.#count
      }
    }
    const counter = new Counter()
    const bench = new Bench({ observers: [counter] })
    bench.loop.callSoon(() => {})
    expect(counter.count).toBe(1)
  })

  it('hear how long a handle waited since it became ready, not since the loop fell asleep', async () => {
    const waits: number[] = []
    const bench = new Bench({
      observers: [{ name: 'o', handleStarted: (handle, nowNs) => waits.push(nowNs - handle.readyAtNs) }],
    })
    bench.deliverAt(3 * MS, 'io')
    bench.loop.callLater(5 * MS, () => {})
    await bench.settle()
    expect(waits).toEqual([0, 0])
  })
})

function throwing(): never {
  throw new Error('broken')
}
