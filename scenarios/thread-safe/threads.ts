/** Threads that submit and wait, and the loop that runs what they submit beside tasks of its own. */
import {
  type Loop,
  ms,
  type Offers,
  type Random,
  type Submission,
  seconds,
  type ThreadGate,
  type ThreadPort,
  us,
} from '../../harness/api.ts'
import type { Context } from './params.ts'

/** What can be replaced to see whether the checks notice. */
export interface Parts {
  open(loop: Loop, offers: Offers): ThreadGate
  /** A step of one of the loop's own tasks. */
  ownStep(loop: Loop, workNs: number): void
  /** How long tasks whose threads have ended may go on. */
  readonly patienceNs: number
}

export const parts: Parts = {
  open: (loop, offers) => loop.openGate(offers),
  ownStep: (loop, workNs) => loop.work(workNs),
  patienceNs: seconds(5),
}

type Kind = 'lookup' | 'crunch' | 'hang'

interface Planned {
  readonly kind: Kind
  readonly value: number
  readonly pauseMs: number
}

/** What a thread says at its end. */
interface Said {
  answered: number
  timedOut: number
  /** Of those that hang. */
  hungTimedOut: number
  readonly wrong: string[]
  readonly failures: string[]
  readonly roundTrips: { readonly kind: Kind; readonly ns: number }[]
}

/** Longer than anybody waits. */
const FOREVER_NS = ms(3.6e6)

/** How long it takes until a loop that sleeps runs what a thread submits. */
export async function measureIdle(loop: Loop, ctx: Context, made: Parts): Promise<void> {
  const gate = made.open(loop, {
    wake: { className: 'lookup', run: ({ submittedNs }) => loop.nowNs() - submittedNs },
  })
  const wakeUps = await gate.startThread(wakeAgain, ctx.params.idle)
  for (const ns of wakeUps) ctx.meter.duration('wakeUp.idle', ns)
  gate.close()
}

async function wakeAgain(port: ThreadPort, times: number): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < times; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    all.push(await port.submit<number>('wake'))
  }
  return all
}

export async function runThreads(loop: Loop, ctx: Context, made: Parts): Promise<void> {
  const { params, random, meter } = ctx
  const before = loop.taskCount
  const gate = made.open(loop, offersOf(loop, ctx))
  const own = new OwnTasks(loop, ctx, made)
  own.start()
  const timeoutNs = ms(params.timeoutMs)
  const threads = Array.from({ length: params.threads }, (_, index) =>
    gate.startThread(submitAll, planOf(params, random.fork(`thread ${index}`)), timeoutNs),
  )
  const said = await loop.gather(threads)
  await own.stop()
  said.forEach((each, index) => {
    checkThread(ctx, index, each)
  })
  for (const { kind, ns } of said.flatMap(({ roundTrips }) => roundTrips)) meter.latency(kind, ns)
  meter.count(
    'timedOut',
    said.reduce((total, each) => total + each.timedOut, 0),
  )
  await checkLeft(loop, ctx, gate, before, made.patienceNs)
  gate.close()
}

/** Tasks that were cancelled, as their threads had given up, end in a turn of their own. */
async function checkLeft(
  loop: Loop,
  { check }: Context,
  gate: ThreadGate,
  before: number,
  patienceNs: number,
): Promise<void> {
  const endNs = loop.nowNs() + patienceNs
  while (loop.taskCount > before && loop.nowNs() < endNs) await loop.sleep(ms(1))
  const tasks = loop.taskCount - before
  check(tasks === 0, `${tasks} tasks go on whose threads have given up`)
  const left = [gate.threadCount, gate.pendingCount]
  check(left.join() === '0,0', `${left[0]} threads and ${left[1]} submissions are left at the end`)
}

/** In a thread: submits one after the other and waits for each. */
async function submitAll(port: ThreadPort, plan: readonly Planned[], timeoutNs: number): Promise<Said> {
  const said: Said = { answered: 0, timedOut: 0, hungTimedOut: 0, wrong: [], failures: [], roundTrips: [] }
  for (const { kind, value, pauseMs } of plan) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const startNs = port.nowNs()
    try {
      const answer = await port.submit(kind, [value], timeoutNs)
      said.answered++
      if (answer !== 2 * value) said.wrong.push(`${kind} ${value} was answered with ${answer}`)
      said.roundTrips.push({ kind, ns: port.nowNs() - startNs })
    } catch (error) {
      const { name, message } = error as Error
      if (name !== 'TimeoutError') said.failures.push(message)
      else if (kind === 'hang') said.hungTimedOut++
      else said.timedOut++
    }
  }
  return said
}

/** Drawn here: a thread has no seed. */
function planOf({ submissions, hanging, gapMs, crunchShare }: Context['params'], random: Random): Planned[] {
  const kinds = Array.from(
    { length: submissions },
    (): Kind => (random.uniform() < crunchShare ? 'crunch' : 'lookup'),
  )
  const all = [...kinds, ...Array.from({ length: hanging }, (): Kind => 'hang')]
  return random
    .shuffle(all)
    .map((kind) => ({ kind, value: random.integer(1e6), pauseMs: random.exponential(gapMs) }))
}

/** What the loop offers to threads. */
function offersOf(loop: Loop, { params, meter }: Context): Offers {
  const answering = (kind: Kind, workNs: number) => ({
    className: kind,
    run({ submittedNs, heardNs }: Submission, value: number) {
      meter.duration('delivery', heardNs - submittedNs)
      meter.duration(`wakeUp.${kind}`, loop.nowNs() - submittedNs)
      loop.work(workNs)
      meter.operations()
      return 2 * value
    },
  })
  return {
    lookup: answering('lookup', us(params.lookupUs)),
    crunch: answering('crunch', us(params.crunchUs)),
    hang: { className: 'crunch', run: () => loop.sleep(FOREVER_NS) },
  }
}

/** What the loop has to do besides. */
class OwnTasks {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #made: Parts
  readonly #steps: number[] = []
  #tasks: PromiseLike<unknown> | undefined
  #stopped = false

  constructor(loop: Loop, ctx: Context, made: Parts) {
    this.#loop = loop
    this.#ctx = ctx
    this.#made = made
  }

  start(): void {
    const tasks = Array.from({ length: this.#ctx.params.ownTasks }, (_, index) =>
      this.#loop.spawn(() => this.#run(index), { className: 'own', name: `own ${index + 1}` }),
    )
    this.#tasks = this.#loop.gather(tasks)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#tasks
    const idle = this.#steps.indexOf(0)
    this.#ctx.check(idle < 0, `Own task ${idle + 1} of the loop never ran while threads submitted`)
  }

  async #run(index: number): Promise<void> {
    const { params, meter } = this.#ctx
    const random = this.#ctx.random.fork(`own ${index}`)
    this.#steps[index] = 0
    while (!this.#stopped) {
      const dueNs = this.#loop.nowNs() + random.exponential(ms(params.ownEveryMs))
      await this.#loop.sleep(dueNs - this.#loop.nowNs())
      const workedNs = this.#loop.clock.workedNs
      this.#made.ownStep(this.#loop, us(params.ownUs))
      if (this.#loop.clock.workedNs > workedNs || params.ownUs === 0) this.#steps[index]!++
      meter.latency('own', Math.max(0, this.#loop.nowNs() - dueNs))
    }
  }
}

function checkThread({ params, check }: Context, index: number, said: Said): void {
  const { submissions, hanging } = params
  const { answered, timedOut, hungTimedOut, wrong, failures } = said
  check(wrong.length === 0, `${wrong[0]} in thread ${index}: not what it had asked for`)
  check(failures.length === 0, `A submission of thread ${index} failed: ${failures[0]}`)
  check(
    hungTimedOut === hanging,
    `Of ${hanging} submissions of thread ${index} that hang ${hungTimedOut} timed out`,
  )
  check(
    answered + timedOut + failures.length === submissions,
    `Of ${submissions} submissions of thread ${index} ${answered} were answered and ${timedOut} timed out`,
  )
}
