import { describe, expect, test } from 'vitest'
import type { Selector, SelectorName } from '../../harness/contracts.ts'
import { VirtualClock } from '../../harness/loop/clock.ts'
import { createRealRuntime, type Runtime } from '../../harness/measure/runtime.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import { unavailableReason } from '../../harness/selectors/syscalls.ts'
import { spinning } from '../../policies/custom-selector.ts'

const OWNED = unavailableReason() === undefined

async function runtime(policy: string, selector: SelectorName): Promise<Runtime> {
  const prepared = await preparePolicy(policy)
  return createRealRuntime({ policy: prepared, selector, classes: {}, random: createRandom(1) })
}

/** The selector in which the loop of a short program waited. */
async function waitedIn(policy: string, selector: SelectorName): Promise<string> {
  const { loop, run } = await runtime(policy, selector)
  await run(loop.spawn(async () => await loop.sleep(1e6)))
  loop.close()
  expect(loop.selects).toBeGreaterThan(0)
  return loop.selector.name
}

describe('custom-selector', () => {
  test('given: waits in the selector asked for', async () => {
    expect(await waitedIn('custom-selector', 'libuv')).toBe('libuv')
  })

  test.runIf(OWNED).each(['epoll', 'poll', 'select', 'libuv'] as const)(
    'waits in the one it names: %s',
    async (name) => {
      const asked = name === 'epoll' ? 'poll' : 'epoll'
      expect(await waitedIn(`custom-selector:selector=${name}`, asked)).toBe(name)
    },
  )

  test.runIf(OWNED)('waits in the one it names, spinning or not', async () => {
    expect(await waitedIn('custom-selector:selector=poll,spin=50us', 'epoll')).toBe('poll')
    expect(await waitedIn('custom-selector:spin=50us', 'epoll')).toBe('epoll')
  })

  test('does not spin where the selector never waits', async () => {
    expect(await waitedIn('custom-selector:spin=50us', 'libuv')).toBe('libuv')
  })

  test('keeps the queue of what it wraps', async () => {
    const { loop, run } = await runtime('custom-selector:inner=priority', 'libuv')
    const ran: number[] = []
    for (const priority of [2, 0, 1]) loop.callSoon(() => ran.push(priority), undefined, { priority })
    await run(loop.spawn(async () => await loop.sleep(1e6)))
    loop.close()
    expect(ran).toEqual([0, 1, 2])
  })
})

/** Each look takes 10 us of virtual time. `events` says what each gives. */
class ScriptedSelector {
  readonly name = 'scripted'
  readonly clock = new VirtualClock()
  readonly network = 'the network'
  readonly waits: number[] = []
  onActivity: (() => void) | undefined
  readonly #events: number[]

  constructor(...events: number[]) {
    this.#events = events
  }

  select(timeoutNs: number): number {
    this.waits.push(timeoutNs)
    this.clock.work(10e3)
    return this.#events.shift() ?? 0
  }

  wake(): void {}

  /** What `spin=50us` makes of it. */
  spinning(): Selector {
    return spinning(this as unknown as Selector, this.clock, 50e3)
  }
}

const emit = () => {}

describe('spinning', () => {
  test('looks again and again, then sleeps for what is left of the time-out', () => {
    const scripted = new ScriptedSelector()
    expect(scripted.spinning().select(80e3, emit)).toBe(0)
    expect(scripted.waits).toEqual([0, 0, 0, 0, 0, 30e3])
  })

  test('sleeps without end where it may', () => {
    const scripted = new ScriptedSelector()
    scripted.spinning().select(Number.POSITIVE_INFINITY, emit)
    expect(scripted.waits.at(-1)).toBe(Number.POSITIVE_INFINITY)
  })

  test('does not sleep where the time-out is over with spinning', () => {
    const scripted = new ScriptedSelector()
    expect(scripted.spinning().select(20e3, emit)).toBe(0)
    expect(scripted.waits).toEqual([0, 0])
  })

  test('looks once where it must not wait', () => {
    const scripted = new ScriptedSelector()
    scripted.spinning().select(0, emit)
    expect(scripted.waits).toEqual([0])
  })

  test('stops as soon as something is ready', () => {
    const scripted = new ScriptedSelector(0, 2)
    expect(scripted.spinning().select(80e3, emit)).toBe(2)
    expect(scripted.waits).toEqual([0, 0])
  })

  test('a wake-up ends the next look, and only that', () => {
    const scripted = new ScriptedSelector()
    const selector = scripted.spinning()
    selector.wake()
    expect(selector.select(80e3, emit)).toBe(0)
    expect(scripted.waits).toEqual([0])
    selector.select(80e3, emit)
    expect(scripted.waits.length).toBe(7)
  })

  test('hands everything else on to the selector it wraps', () => {
    const scripted = new ScriptedSelector()
    const selector = scripted.spinning()
    expect([selector.name, selector.network]).toEqual(['scripted', 'the network'])
    const heard = () => {}
    selector.onActivity = heard
    expect(scripted.onActivity).toBe(heard)
  })
})
