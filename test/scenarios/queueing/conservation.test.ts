/** Kleinrock's conservation law: what one class gains by a policy the others lose. */
import { describe, expect, test } from 'vitest'
import { Deque, definePolicy, type Handle } from '../../../harness/api.ts'
import type { PreparedPolicy } from '../../../harness/policy-parts.ts'
import { createRandom } from '../../../harness/random.ts'
import priorityQueue from '../../../scenarios/priority-queue.ts'
import { type Job, serveJobs } from '../../../scenarios/queueing/jobs.ts'
import { prepared } from '../../policies/conformance.ts'
import { simulate } from '../../world/simulate.ts'
import type { Form } from './forms.ts'
import { measure, SEEDS } from './measure.ts'
import { NO_METER, runOnce } from './simulated.ts'

/** Of each seed: 32 batches of 256, long beside the waves of the queue. */
const CUSTOMERS = 8200

const NAMES = { ci99: 'conservation.ci99', theory: 'theory.conservation', error: 'conservation.error' }

/** Neither looks at service times nor interrupts, and never idles while there is work. */
const CONSERVING = [
  'fifo',
  'fifo:batch=1',
  'fifo:batch=7',
  'lifo',
  'lifo:batch=1',
  'lifo:batch=7',
  'priority',
  'priority:aging=5ms',
  'priority:batch=snapshot',
  'sjf',
  'edf',
  'hrrn',
  'las',
  'timing',
  'timing:inner=priority:aging=5ms',
]

/** Thinks for 100 µs about each choice: the processor idles while there is work. */
const PONDERS = prepared(
  definePolicy({
    name: 'ponders',
    summary: 'broken on purpose, for the tests',
    createQueue({ clock }) {
      const ready = new Deque<Handle>()
      return {
        get size() {
          return ready.size
        },
        push: (handle) => ready.push(handle),
        shift: () => {
          clock.work(100_000)
          return ready.shift()
        },
      }
    },
  }),
)

function form(policy: string | PreparedPolicy, params: Form['params'] = {}): Form {
  const figures = [{ what: 'Σ load × wait', known: 3.2, unit: 1e6, ...NAMES }]
  return { name: 'conservation', scenario: priorityQueue, policy, params, customers: 0, few: 0, figures }
}

describe('Σ load × wait', () => {
  test.each(CONSERVING)('is 3.2 at loads of .4 and .4 under %s', async (policy) => {
    const [measured] = await measure(form(policy), CUSTOMERS, SEEDS)
    expect(measured).toMatchObject({ inside: true })
    expect(measured!.pooled.halfWidth).toBeLessThan(0.5)
  })

  test('is 3.2 with slices too, as service is exponential', async () => {
    const [measured] = await measure(form('priority', { slice: '200us' }), CUSTOMERS, SEEDS)
    expect(measured).toMatchObject({ inside: true })
  })

  test('is less under a policy that looks at service times (canary)', async () => {
    const [measured] = await measure(form('sjf', { declared: 'true' }), CUSTOMERS, SEEDS)
    expect(measured!.pooled.mean + measured!.pooled.halfWidth).toBeLessThan(2)
  })

  test('is more under a policy that does not conserve work (canary)', async () => {
    const [measured] = await measure(form(PONDERS), CUSTOMERS, SEEDS)
    expect(measured!.pooled.mean - measured!.pooled.halfWidth).toBeGreaterThan(3.2)
  })

  test('has no theory under overload, and the run still ends', async () => {
    const { values, failures } = await runOnce({ ...form('priority'), params: { loads: '0.4,0.9' } }, 5000, 1)
    expect(failures).toEqual([])
    expect(values.has('conservation.error')).toBe(false)
    expect(values.has('theory.second.error')).toBe(false)
    expect(values.get('theory.first.sojournMean')).toBeCloseTo(1e6 * (1 + 1 / 0.6), -1)
  })
})

describe('Σ service × wait over all jobs', () => {
  const jobs = makeJobs(3000)

  async function workOfWaits(policy: string | PreparedPolicy, sliceNs = Number.POSITIVE_INFINITY) {
    let sum = 0n
    const onDone = ({ serviceNs }: Job, sojournNs: number) => {
      sum += BigInt(serviceNs) * BigInt(sojournNs - serviceNs)
    }
    const classes = { urgent: { priority: 0 }, other: { priority: 1 } }
    const options = { sliceNs, declared: true, onDone }
    await simulate(policy, (loop) => serveJobs(loop, NO_METER, jobs, options), { classes })
    return sum
  }

  test.each([...CONSERVING, 'sjf:batch=snapshot'])(
    'is the same to the nanosecond under %s as by the recursion of Lindley, service times told',
    async (policy) => {
      expect(await workOfWaits(policy)).toBe(lindley(jobs))
    },
  )

  test('is another under a policy that does not conserve work, and with slices (canary)', async () => {
    expect(await workOfWaits(PONDERS)).toBeGreaterThan(lindley(jobs))
    expect(await workOfWaits('sjf', 100_000)).not.toBe(lindley(jobs))
  })
})

function makeJobs(count: number): Job[] {
  const random = createRandom(3)
  let atNs = 0
  return Array.from({ length: count }, () => {
    atNs += Math.round(random.exponential(1_000_000))
    const className = random.uniform() < 0.5 ? 'urgent' : 'other'
    return { atNs, className, serviceNs: Math.round(random.exponential(900_000)) }
  })
}

/** First come first served, without a loop: each starts when he has come and the one before is done. */
function lindley(jobs: readonly Job[]): bigint {
  let freeNs = 0
  let sum = 0n
  for (const { atNs, serviceNs } of jobs) {
    const startNs = Math.max(atNs, freeNs)
    sum += BigInt(serviceNs) * BigInt(startNs - atNs)
    freeNs = startNs + serviceNs
  }
  return sum
}
