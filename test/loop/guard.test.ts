import { describe, expect, it } from 'vitest'
import type { Handle, ReadyQueue } from '../../harness/contracts.ts'
import { PolicyFault } from '../../harness/errors.ts'
import { Bench, errorOf, Fifo } from './bench.ts'

/** Takes turns on a policy with one thing broken until it is found out. */
async function faultOf(
  broken: Partial<ReadyQueue> & { size?: number },
  queue = new Fifo(),
): Promise<PolicyFault> {
  Object.defineProperties(queue, Object.getOwnPropertyDescriptors(broken))
  const bench = new Bench({ queue })
  for (const name of ['a', 'b', 'c']) bench.loop.callSoon(bench.note(name))
  const fault = await errorOf(bench.turns(3))
  expect(fault).toBeInstanceOf(PolicyFault)
  return fault as PolicyFault
}

const boom = () => {
  throw new Error('boom')
}

describe('a policy that breaks its contract', () => {
  it('by dropping a handle is told that it lost it', async () => {
    let pushed = 0
    const queue = new Fifo()
    const { push } = queue
    const fault = await faultOf(
      { push: (handle) => void (pushed++ === 1 || push.call(queue, handle)) },
      queue,
    )
    expect([fault.kind, fault.message]).toEqual(['lost', 'lost 1 of 1 ready handles'])
  })

  it('by dropping one that it does not reach this turn is told at the end of the turn', async () => {
    let pushed = 0
    const queue = new Fifo(1)
    const { push } = queue
    const fault = await faultOf(
      { push: (handle) => void (pushed++ === 1 || push.call(queue, handle)) },
      queue,
    )
    expect([fault.kind, fault.message]).toEqual(['lost', 'lost 1 of 2 ready handles'])
  })

  it('by giving a handle twice', async () => {
    const queue = new Fifo()
    let first: Handle | undefined
    const fault = await faultOf({ shift: () => (first ??= queue.handles.shift()) }, queue)
    expect([fault.kind, fault.message]).toEqual([
      'twice',
      'handle 0 (callback) is in the queue again after shift returned it',
    ])
  })

  it('by withholding what it has', async () => {
    const fault = await faultOf({ shift: () => undefined })
    expect([fault.kind, fault.message]).toEqual([
      'withheld',
      'shift returned undefined while holding 3 ready handles',
    ])
  })

  it('by giving something of its own', async () => {
    const fault = await faultOf({ shift: () => ({ ...({} as Handle) }) })
    expect([fault.kind, fault.message]).toEqual([
      'policy-error',
      'shift returned something that is not a handle it was given',
    ])
  })

  it.each(['push', 'shift', 'turnLimit', 'ran'] as const)('by throwing in %s', async (method) => {
    const fault = await faultOf({ [method]: boom })
    expect([fault.kind, fault.message]).toEqual(['policy-error', `${method} threw: boom`])
  })

  it('by throwing in size', async () => {
    const fault = await faultOf({
      get size(): number {
        return boom()
      },
    })
    expect(fault.message).toBe('size threw: boom')
  })

  it('by throwing in push is named for that even where it then has nothing to give', async () => {
    const fault = await faultOf({ push: boom, shift: () => undefined })
    expect(fault.message).toBe('push threw: boom')
  })

  it.each([0, -1, Number.NaN])('by a turn limit of %s', async (limit) => {
    const fault = await faultOf({ turnLimit: () => limit })
    expect(fault.message).toBe(`turnLimit returned ${limit}, not a number from 1 on`)
  })

  it('by keeping what it has returned', async () => {
    const queue = new Fifo(2)
    const fault = await faultOf({ shift: () => queue.handles.peek() }, queue)
    expect(fault.kind).toBe('twice')
  })

  it('by claiming more than it has', async () => {
    const queue = new Fifo()
    const fault = await faultOf(
      {
        get size() {
          return queue.handles.size + 1
        },
      },
      queue,
    )
    expect(fault.message).toBe('size is 1, but only 0 handles are in the queue')
  })
})

describe('a policy that keeps its contract', () => {
  it('may ask for more than there is, and is told how long each handle ran', async () => {
    const ran: [string, number][] = []
    const queue = Object.assign(new Fifo(), {
      turnLimit: () => Number.POSITIVE_INFINITY,
      ran: (handle: Handle, runNs: number) => void ran.push([handle.name, runNs]),
    })
    const bench = new Bench({ queue })
    bench.loop.callSoon(function works() {
      bench.loop.work(7)
    })
    bench.loop.callSoon(function idles() {})
    await bench.turns(1)
    expect(ran).toEqual([
      ['works', 7],
      ['idles', 0],
    ])
  })
})
