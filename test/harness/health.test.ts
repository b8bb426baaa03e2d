import { describe, expect, test } from 'vitest'
import type { Finding } from '../../harness/contracts.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { HealthObserver } from '../../harness/measure/health.ts'
import { simulate } from '../world/simulate.ts'

const CLASSES = { interactive: { priority: 0 }, batch: { priority: 10 } }

async function findingsOf(policy: string, program: (loop: Loop) => Promise<void>): Promise<Finding[]> {
  const health = new HealthObserver('virtual')
  await simulate(policy, program, { classes: CLASSES, observers: [health] })
  return health.findings()
}

/** Interactive work every 9 ms that takes 10, for so long; batch work that waits from the start. */
function overload(forNs: number) {
  return async (loop: Loop) => {
    for (let atNs = 0; atNs < forNs; atNs += 9e6) {
      loop.callAt(atNs, () => loop.work(10e6), { className: 'interactive' })
    }
    for (let i = 0; i < 3; i++) loop.callAt(0, () => loop.work(1e6), { className: 'batch' })
    await loop.sleep(3 * forNs)
  }
}

describe('starvation', () => {
  test('is found, and who overtook is named', async () => {
    const findings = await findingsOf('priority', overload(2e9))
    expect(findings).toMatchObject([
      {
        kind: 'starved',
        message: expect.stringMatching(
          /^class batch starved: a ready handle waited 2\d{3} ms while interactive ran \d{3} times/,
        ),
        times: 3,
      },
    ])
    expect(findings[0]!.fatal).toBeUndefined()
  })

  test('is not found where aging prevents it (canary)', async () => {
    expect(await findingsOf('priority:aging=20ms', overload(2e9))).toEqual([])
  })

  test('is not found where it was short (canary)', async () => {
    expect(await findingsOf('priority', overload(0.5e9))).toEqual([])
  })

  test('is not found where work waits long in a fair queue: nobody overtook it (canary)', async () => {
    const findings = await findingsOf('fifo', async (loop) => {
      for (let i = 0; i < 300; i++) loop.callAt(0, () => loop.work(10e6), { className: 'batch' })
      await loop.sleep(4e9)
    })
    expect(findings).toEqual([])
  })
})

describe('a stall', () => {
  const hold = (ns: number) => async (loop: Loop) => {
    loop.callSoon(
      function crunch() {
        loop.work(ns)
      },
      undefined,
      { className: 'batch' },
    )
    loop.callLater(
      1e6,
      function crunch() {
        loop.work(ns * 1.5)
      },
      { className: 'batch' },
    )
    await loop.sleep(2e9)
  }

  test('is found, once for each callback, with the longest', async () => {
    expect(await findingsOf('fifo', hold(300e6))).toEqual([
      {
        kind: 'stalled',
        message: 'crunch (class batch) held the loop for 450 ms: nothing else could run',
        times: 2,
      },
    ])
  })

  test('is not found where the loop was held for less (canary)', async () => {
    expect(await findingsOf('fifo', hold(160e6))).toEqual([])
  })
})

test('waits and runs are recorded by class, exactly in virtual time', async () => {
  const health = new HealthObserver('virtual')
  const program = async (loop: Loop) => {
    for (let i = 0; i < 4; i++) loop.callAt(1000, () => loop.work(1000), { className: 'batch' })
    await loop.sleep(1e6)
  }
  await simulate('fifo', program, { classes: CLASSES, observers: [health] })
  const { wait, run, handles } = health.classes.get('batch')!
  expect([handles, wait.max, wait.mean, run.max, run.mean]).toEqual([4, 3000, 1500, 1000, 1000])
})
