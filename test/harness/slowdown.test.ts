import { describe, expect, test } from 'vitest'
import type { Handle } from '../../harness/contracts.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import { runHosted } from '../../harness/loop/drivers/hosted.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import { Loop } from '../../harness/loop/loop.ts'
import { RealServices } from '../../harness/loop/real-services.ts'
import { Slowdown } from '../../harness/measure/slowdown.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { Fifo } from '../loop/bench.ts'

function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1e3
}

let sum = 0

/** Some tenths of a millisecond of arithmetic. */
function compute(): void {
  for (let i = 0; i < 50_000; i++) sum = (sum * 31 + i) | 0
}

/**
 * The processor time of a loop for each unit that its handles compute: the least of some runs, as other threads of this
 * process take some now and then.
 */
async function costOf(makeObservers: () => Slowdown[]): Promise<number> {
  const runs: number[] = []
  for (let run = 0; run < 3; run++) runs.push(await costOnce(makeObservers()))
  return Math.min(...runs)
}

async function costOnce(observers: readonly Slowdown[]): Promise<number> {
  const policy = { queue: new Fifo(), observers }
  const clock = new RealClock()
  const loop = new Loop({ policy, clock, selector: new LibuvSelector(), services: new RealServices() })
  let computedNs = 0
  const startedNs = cpuNs()
  const task = loop.spawn(async () => {
    for (let i = 0; i < 200; i++) {
      const beforeNs = cpuNs()
      compute()
      computedNs += cpuNs() - beforeNs
      await loop.sleep(0)
    }
  })
  await runHosted(loop, task as AnyFuture)
  loop.close()
  return (cpuNs() - startedNs) / computedNs
}

/** A handle that ended: only when counts. */
const HANDLE = {} as Handle

describe('a loop that is slowed down on purpose', () => {
  test('uses the share of processor time more, and for a share of nothing none', async () => {
    const plain = await costOf(() => [])
    const slowed = (await costOf(() => [new Slowdown(0.3)])) / plain
    const watched = (await costOf(() => [new Slowdown(0)])) / plain
    expect(slowed).toBeGreaterThan(1.2)
    expect(slowed).toBeLessThan(1.45)
    expect(watched).toBeLessThan(1.15)
  })

  test('pays what it owes once, and not again', () => {
    const slowdown = new Slowdown(1)
    for (let i = 0; i < 20; i++) compute()
    const debtNs = cpuNs()
    slowdown.handleFinished(HANDLE, 0, 1)
    const paidNs = cpuNs()
    for (let turn = 1; turn <= 20; turn++) slowdown.handleFinished(HANDLE, 0, 1 + turn * 1e6)
    // Looking costs a little, which is paid for as well; the same debt again would be twenty times as much.
    expect(cpuNs() - paidNs).toBeLessThan(5 * (paidNs - debtNs))
  })

  test('looks at the processor time twice in a millisecond at most', () => {
    const slowdown = new Slowdown(0.5)
    slowdown.handleFinished(HANDLE, 0, 0)
    const beforeNs = cpuNs()
    for (let i = 0; i < 100_000; i++) slowdown.handleFinished(HANDLE, 0, 499_999)
    // Asked every time it would take a microsecond each, and be paid for.
    expect(cpuNs() - beforeNs).toBeLessThan(50e6)
  })
})
