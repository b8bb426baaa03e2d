/** What a way of writing costs by itself: the workflow where nothing has to be waited for. */
import { type Loop, ms, seconds } from '../../harness/api.ts'
import { costSoFarNs, mediansInTurn, shareInTurn } from './in-turn.ts'
import { type Job, STAGES, type Steps } from './steps.ts'
import type { Writing } from './writings.ts'

export interface Cost {
  /** Processor time of one of the workflow's four stages, with its share of starting it, ns. 0 in most worlds. */
  readonly stepNs: number
  /** Handles of one workflow: each is ordered by the policy. */
  readonly handles: number
}

/** At once, so that what a turn costs is shared. */
const WIDE = 100
/** One at a time, to count their handles. */
const COUNTED = 200
/** A batch that has not ended by then never will. */
const PATIENCE_NS = seconds(10)
const PATIENCE_EACH_NS = ms(1)

const ITEM = { id: 1, value: 1 }
const JOB: Job = { path: '/', resultKey: 'result', logKey: 'log' }

/** The cost of each writing, in their order, from `workflows` of each in all. */
export async function measureCosts(
  loop: Loop,
  writings: readonly Writing[],
  workflows: number,
): Promise<Cost[]> {
  const count = shareInTurn(workflows)
  const stepNs = await mediansInTurn(writings.map((writing) => () => timeOf(loop, writing, count)))
  const costs: Cost[] = []
  for (const [index, writing] of writings.entries()) {
    costs.push({ stepNs: stepNs[index]!, handles: await handlesOf(loop, writing) })
  }
  return costs
}

async function timeOf(loop: Loop, writing: Writing, count: number): Promise<number> {
  const startNs = costSoFarNs(loop)
  await runWorkflows(loop, writing, count, WIDE)
  return (costSoFarNs(loop) - startNs) / count / STAGES.length
}

/** One at a time, every handle has a turn of its own, and turns are counted. */
async function handlesOf(loop: Loop, writing: Writing): Promise<number> {
  const before = loop.turns
  await runWorkflows(loop, writing, COUNTED, 1)
  return Math.round((loop.turns - before) / COUNTED)
}

async function runWorkflows(loop: Loop, writing: Writing, count: number, wide: number): Promise<void> {
  const steps = instantSteps(loop)
  const done = loop.createFuture()
  let left = count
  let running = Math.min(wide, count)
  const ending = {
    finished: () => {
      if (left > 0) startNext()
      else if (--running === 0) done.setResult()
    },
    caught: (error: unknown) => done.setError(error),
  }
  const startNext = () => {
    left--
    writing.start(loop, steps, JOB, ending)
  }
  for (let i = running; i > 0; i--) startNext()
  await loop.timeout(PATIENCE_NS + count * PATIENCE_EACH_NS, () => done)
}

/** Waiting steps are done at the next turn, as by I/O that is ready already. */
function instantSteps(loop: Loop): Steps {
  return {
    get: (_path, done) => void loop.callSoon(() => done(undefined, '')),
    process: () => ITEM,
    save: (_key, _item, done) => void loop.callSoon(() => done(undefined)),
  }
}
