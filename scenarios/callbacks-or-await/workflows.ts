/** Runs the workflow in each style over the same items, through the network and the database, and compares what came of it. */
import { type Loop, ms, type ScenarioContext, seconds, TimeoutError } from '../../harness/api.ts'
import { median } from './in-turn.ts'
import { itemOf, pathOfItem } from './origin.ts'
import { type Item, type Job, processBody, type Steps } from './steps.ts'
import type { Store } from './store.ts'
import type { Writing } from './writings.ts'

/** Workflows that have not ended by then never will: so long for each, and at least so long. */
const PATIENCE_NS = ms(10)
const LEAST_PATIENCE_NS = seconds(10)

interface Size {
  /** Of each writing. */
  readonly workflows: number
  readonly concurrency: number
}

/** Each style takes every item through the workflow, some at once, the styles in turn. Gives the median times, ns. */
export async function runWorkflows(
  loop: Loop,
  ctx: ScenarioContext<Size>,
  writings: readonly Writing[],
  steps: Steps,
): Promise<Map<string, number>> {
  const run = new Run(loop, ctx, writings, steps)
  const { workflows } = ctx.params
  const patienceNs = LEAST_PATIENCE_NS + PATIENCE_NS * workflows * writings.length
  const ended = run.start()
  try {
    await loop.timeout(patienceNs, () => ended)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
  }
  for (const { name } of writings) {
    const count = run.ended.get(name)!.size
    ctx.check(count === workflows, `Of ${workflows} workflows written as ${name} ${count} ended`)
  }
  return new Map([...run.timesNs].map(([name, times]) => [name, median(times)]))
}

class Run {
  /** The items of the workflows that have ended, and the times of those that finished, by writing. */
  readonly ended: ReadonlyMap<string, Set<number>>
  readonly timesNs: ReadonlyMap<string, number[]>
  readonly #loop: Loop
  readonly #ctx: ScenarioContext<Size>
  readonly #writings: readonly Writing[]
  readonly #steps: Steps
  readonly #allEnded
  #started = 0
  #left: number

  constructor(loop: Loop, ctx: ScenarioContext<Size>, writings: readonly Writing[], steps: Steps) {
    this.#loop = loop
    this.#ctx = ctx
    this.#writings = writings
    this.#steps = steps
    this.#allEnded = loop.createFuture()
    this.#left = ctx.params.workflows * writings.length
    this.ended = new Map(writings.map(({ name }) => [name, new Set<number>()]))
    this.timesNs = new Map(writings.map(({ name }) => [name, []]))
  }

  start() {
    for (let i = 0; i < this.#ctx.params.concurrency; i++) this.#startNext()
    return this.#allEnded
  }

  #startNext(): void {
    const { length } = this.#writings
    if (this.#started === length * this.#ctx.params.workflows) return
    const writing = this.#writings[this.#started % length]!
    const id = Math.floor(this.#started / length)
    this.#started++
    const startNs = this.#loop.nowNs()
    writing.start(this.#loop, this.#steps, jobFor(writing, id), {
      finished: (item) => this.#end(writing, id, startNs, item),
      caught: (error, place) => {
        this.#ctx.check(false, `A workflow written as ${writing.name} failed at '${place}': ${error}`)
        this.#end(writing, id, startNs, undefined)
      },
    })
  }

  #end({ name }: Writing, id: number, startNs: number, item: Item | undefined): void {
    const ended = this.ended.get(name)!
    this.#ctx.check(!ended.has(id), `A workflow written as ${name} ended twice`)
    if (ended.has(id)) return
    ended.add(id)
    if (item !== undefined) this.#measure(name, this.#loop.nowNs() - startNs)
    if (--this.#left === 0) this.#allEnded.setResult()
    this.#startNext()
  }

  #measure(name: string, ns: number): void {
    this.#ctx.meter.latency(name, ns)
    this.#ctx.meter.operations()
    this.timesNs.get(name)!.push(ns)
  }
}

function jobFor(writing: Writing, id: number): Job {
  const [resultKey, logKey] = keysOf(writing, id)
  return { path: pathOfItem(id), resultKey, logKey }
}

function keysOf({ name }: Writing, id: number): [resultKey: string, logKey: string] {
  return [`${name}/result/${id}`, `${name}/log/${id}`]
}

/** Reads everything back: each style must have stored what the items come to, all of it, under both keys. */
export async function checkStored(
  { params: { workflows }, check }: ScenarioContext<Size>,
  writing: Writing,
  store: Store,
): Promise<void> {
  const ids = Array.from({ length: workflows }, (_, id) => id)
  const stored = await store.load(ids.flatMap((id) => keysOf(writing, id)))
  const right = stored.filter((text, index) => text === expected(index >> 1)).length
  check(
    right === 2 * workflows,
    `Of ${2 * workflows} entries the style ${writing.name} should have stored ${right} are right`,
  )
}

function expected(id: number): string {
  return JSON.stringify(processBody(JSON.stringify(itemOf(id))))
}
