/** What a loop itself costs on this machine: how long it takes to run a handle that does nothing, and to look at I/O. */
import type { Loop } from '../loop/loop.ts'
import { preparePolicy } from '../policy-parts.ts'
import { createRandom } from '../random.ts'
import { defaultSelector } from '../selectors/registry.ts'
import { createRealRuntime } from './runtime.ts'

export interface MachineCosts {
  /** Making a callback ready and running it, under `fifo`, ns. */
  readonly dispatchNs: number
  /** Asking the default selector when nothing is ready, ns. */
  readonly pollNs: number
}

const BATCHES = 15
const HANDLES = 20_000
const LOOKS = 2000

/** Takes some 50 ms. The middle of several batches, whole ns: others use the machine as well. */
export async function measureCosts(): Promise<MachineCosts> {
  const { loop, run } = createRealRuntime({
    policy: await preparePolicy('fifo'),
    selector: defaultSelector(),
    classes: {},
    random: createRandom(0),
  })
  try {
    const measuring = loop.spawn(() => measureIn(loop), { name: 'measure' })
    await run(measuring)
    return measuring.result()
  } finally {
    loop.close()
  }
}

async function measureIn(loop: Loop): Promise<MachineCosts> {
  const dispatch: number[] = []
  const poll: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const startNs = loop.nowNs()
    for (let i = 0; i < HANDLES; i++) loop.callSoon(nothing)
    await loop.yieldNow()
    const dispatchedNs = loop.nowNs()
    for (let i = 0; i < LOOKS; i++) loop.selector.select(0, nothing)
    dispatch.push((dispatchedNs - startNs) / HANDLES)
    poll.push((loop.nowNs() - dispatchedNs) / LOOKS)
  }
  return { dispatchNs: middle(dispatch), pollNs: middle(poll) }
}

function nothing(): void {}

function middle(values: number[]): number {
  return Math.round(values.sort((a, b) => a - b)[values.length >> 1]!)
}
