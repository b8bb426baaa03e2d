/** Makes each stage of the workflow fail, and sees where the error goes. */
import { type Loop, type ScenarioContext, seconds, TimeoutError } from '../../harness/api.ts'
import { MALFORMED_PATH, pathOfItem } from './origin.ts'
import { type Job, STAGES, type Stage, type Steps } from './steps.ts'
import type { Writing } from './writings.ts'

/** Where an error came out. */
type Fate =
  | { readonly end: 'caught'; readonly error: unknown; readonly place: string }
  /** Nobody in the workflow: the loop's exception handler. */
  | { readonly end: 'loop'; readonly error: unknown }
  | { readonly end: 'success' | 'silence' }

interface Trial {
  readonly stage: Stage
  /** What the stage really failed with. */
  readonly raised: unknown
  readonly fate: Fate
}

/** A workflow that has not ended by then never will. */
const PATIENCE_NS = seconds(10)

export interface Breakable {
  readonly steps: Steps
  /** A `get` whose connections are reset by the peer. */
  readonly getReset: Steps['get']
}

/** Tries every writing with every stage failing; records the table and checks the careful ones. */
export async function tryErrors(
  loop: Loop,
  ctx: ScenarioContext,
  writings: readonly Writing[],
  breakable: Breakable,
): Promise<void> {
  const rows: string[][] = []
  for (const writing of writings) {
    const trials: Trial[] = []
    for (const stage of STAGES) trials.push(await tryStage(loop, writing, stage, breakable))
    for (const trial of trials) check(ctx, writing, trial)
    rows.push(rowOf(ctx, writing, trials))
  }
  // The harness's own handler cannot be had back: what goes wrong from here on breaks the cell all the same.
  loop.setExceptionHandler(({ message, error }) => ctx.check(false, `${message}: ${error}`))
  ctx.meter.table({
    title: 'What happens to an error, by style and stage',
    columns: ['written as', ...HEADINGS, 'catches'].map((name) => ({ name })),
    rows,
  })
}

const HEADINGS = ['get is reset', 'process throws', 'save is refused', '2nd save is refused']

async function tryStage(
  loop: Loop,
  writing: Writing,
  stage: Stage,
  { steps, getReset }: Breakable,
): Promise<Trial> {
  let raised: unknown
  const note = (error: unknown) => {
    raised ??= error
  }
  const watched = watch(stage === 'get' ? { ...steps, get: getReset } : steps, note)
  const fate = await fateOf(loop, writing, watched, jobFor(writing, stage))
  return { stage, raised, fate }
}

function jobFor({ name }: Writing, stage: Stage): Job {
  return {
    path: stage === 'process' ? MALFORMED_PATH : pathOfItem(1),
    resultKey: stage === 'save' ? null : `trial/${name}/result`,
    logKey: stage === 'save again' ? null : `trial/${name}/log`,
  }
}

/** The same steps; what the first of them fails with is noted. */
function watch({ get, process, save }: Steps, note: (error: unknown) => void): Steps {
  return {
    get: (path, done) =>
      get(path, (error, body) => {
        note(error)
        done(error, body)
      }),
    process: (body) => {
      try {
        return process(body)
      } catch (error) {
        note(error)
        throw error
      }
    },
    save: (key, item, done) =>
      save(key, item, (error) => {
        note(error)
        done(error)
      }),
  }
}

async function fateOf(loop: Loop, writing: Writing, steps: Steps, job: Job): Promise<Fate> {
  const future = loop.createFuture<Fate>()
  const settle = (fate: Fate) => {
    if (!future.done) future.setResult(fate)
  }
  loop.setExceptionHandler(({ error }) => settle({ end: 'loop', error }))
  const task = writing.start(loop, steps, job, {
    finished: () => settle({ end: 'success' }),
    caught: (error, place) => settle({ end: 'caught', error, place }),
  })
  // What the loop says when it is closed, of tasks that failed and that nobody looked at.
  task?.addDoneCallback(() => future.done || loop.reportUnretrieved())
  try {
    return await loop.timeout(PATIENCE_NS, () => future)
  } catch (error) {
    if (error instanceof TimeoutError) return { end: 'silence' }
    throw error
  }
}

function check(ctx: ScenarioContext, { name, isCareful }: Writing, { stage, raised, fate }: Trial): void {
  ctx.check(raised !== undefined, `The stage '${stage}' of ${name} was made to fail and did not`)
  if (!isCareful) return
  ctx.check(fate.end === 'caught', `An error of the stage '${stage}' was dropped by ${name}`)
  ctx.check(
    fate.end !== 'caught' || fate.error === raised,
    `An error of the stage '${stage}' came out of ${name} as another one`,
  )
}

function rowOf({ meter }: ScenarioContext, { title }: Writing, trials: readonly Trial[]): string[] {
  const caught = trials.flatMap(({ fate }) => (fate.end === 'caught' ? [fate.place] : []))
  const places = new Set(caught)
  meter.count('errors.caught', caught.length)
  meter.count('errors.dropped', trials.length - caught.length)
  return [title, ...trials.map((trial) => said(trial, places.size)), String(places.size)]
}

function said({ fate, raised }: Trial, places: number): string {
  if (fate.end === 'caught') return places === 1 ? 'caught in one place' : 'caught by hand'
  if (fate.end === 'success') return 'dropped: passes for success'
  if (fate.end === 'loop')
    return `dropped: only the loop hears ${fate.error === raised ? 'of it' : `a ${nameOf(fate.error)}`}`
  return 'dropped: it never ends'
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
