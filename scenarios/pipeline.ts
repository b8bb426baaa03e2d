import {
  defineScenario,
  type Loop,
  ms,
  Queue,
  type Random,
  type ScenarioContext,
  us,
  z,
} from '../harness/api.ts'

const delay = (fallback: number, name: string) => z.number().min(0).max(6e4).default(fallback).describe(name)
const workers = (fallback: number, name: string) =>
  z.number().int().min(1).max(1000).default(fallback).describe(`Number of ${name}`)

const params = z.object({
  producers: workers(2, 'producers'),
  items: z.number().int().min(1).max(1e6).default(400).describe("Items of each producer (the articles': 15)"),
  processors: workers(3, 'processors'),
  consumers: workers(2, 'consumers'),
  queueSize: z.number().int().min(1).max(1e6).default(100).describe('Bound of both queues'),
  scale: z.number().positive().max(10).default(0.005).describe("Factor of all delays (the articles': 1)"),
  workUs: z.number().int().min(0).max(1e6).default(100).describe('CPU time per item and stage, µs'),
  produceMinMs: delay(100, 'Shortest time between two items of a producer, ms before scaling'),
  produceMaxMs: delay(500, 'Longest time between two items of a producer, ms before scaling'),
  processMinMs: delay(200, 'Shortest time to process an item, ms before scaling'),
  processMaxMs: delay(800, 'Longest time to process an item, ms before scaling'),
  consumeMinMs: delay(100, 'Shortest time to consume an item, ms before scaling'),
  consumeMaxMs: delay(300, 'Longest time to consume an item, ms before scaling'),
})

type Params = z.output<typeof params>
type Stage = 'produce' | 'process' | 'consume'

interface Item {
  readonly id: number
  readonly value: number
  /** Before it was put: waiting for room in the queue counts. */
  readonly producedNs: number
  processedNs: number
}

/** What the articles' pipeline counted. */
interface Totals {
  produced: number
  processed: number
  consumed: number
}

export default defineScenario({
  name: 'pipeline',
  summary:
    'Producers, processors and consumers joined by bounded queues: look at latency.item and throughput',
  params,
  // Finishing what was begun comes first, as that is what empties the queues.
  classes: { produce: { priority: 3 }, process: { priority: 2 }, consume: { priority: 1 } },
  time: ['real', 'virtual'],

  async main(loop, ctx) {
    const pipeline = new Pipeline(loop, ctx)
    await pipeline.run()
    pipeline.report()
  },
})

class Pipeline {
  readonly #loop: Loop
  readonly #ctx: ScenarioContext<Params>
  readonly #raw: Queue<Item | undefined>
  readonly #processed: Queue<Item | undefined>
  readonly #totals: Totals = { produced: 0, processed: 0, consumed: 0 }
  readonly #seen = new Set<number>()

  constructor(loop: Loop, ctx: ScenarioContext<Params>) {
    this.#loop = loop
    this.#ctx = ctx
    this.#raw = new Queue(loop, ctx.params.queueSize)
    this.#processed = new Queue(loop, ctx.params.queueSize)
  }

  /** Each stage ends when the one before it has; `undefined` tells a worker that nothing more comes. */
  async run(): Promise<void> {
    const { producers, processors, consumers } = this.#ctx.params
    const producing = this.#start('produce', producers, (random, index) => this.#produce(random, index))
    const processing = this.#start('process', processors, (random) => this.#process(random))
    const consuming = this.#start('consume', consumers, (random) => this.#consume(random))
    await producing
    for (let i = 0; i < processors; i++) await this.#raw.put(undefined)
    await processing
    for (let i = 0; i < consumers; i++) await this.#processed.put(undefined)
    await consuming
  }

  report(): void {
    const { produced, processed, consumed } = this.#totals
    const { meter, params } = this.#ctx
    meter.count('produced', produced)
    meter.count('processed', processed)
    meter.count('consumed', consumed)
    const expected = params.producers * params.items
    this.#ctx.check(
      produced === expected && processed === expected && consumed === expected,
      `Of ${expected} items ${produced} were produced, ${processed} processed and ${consumed} consumed`,
    )
  }

  #start(stage: Stage, count: number, worker: (random: Random, index: number) => Promise<void>) {
    const tasks = Array.from({ length: count }, (_, index) => {
      const name = `${stage} ${index + 1}`
      return this.#loop.spawn(() => worker(this.#ctx.random.fork(name), index), { className: stage, name })
    })
    return this.#loop.gather(tasks)
  }

  async #produce(random: Random, index: number): Promise<void> {
    const { items } = this.#ctx.params
    for (let i = 0; i < items; i++) {
      await this.#pause('produce', random)
      const id = index * items + i
      await this.#raw.put({ id, value: id, producedNs: this.#loop.nowNs(), processedNs: 0 })
      this.#totals.produced++
    }
  }

  async #process(random: Random): Promise<void> {
    for (let item = await this.#raw.get(); item !== undefined; item = await this.#raw.get()) {
      await this.#pause('process', random)
      const processedNs = this.#loop.nowNs()
      this.#ctx.meter.duration('stage.process', processedNs - item.producedNs)
      await this.#processed.put({ ...item, value: item.value * 2, processedNs })
      this.#totals.processed++
    }
  }

  async #consume(random: Random): Promise<void> {
    for (let item = await this.#processed.get(); item !== undefined; item = await this.#processed.get()) {
      await this.#pause('consume', random)
      this.#finish(item)
    }
  }

  #finish({ id, value, producedNs, processedNs }: Item): void {
    const { meter } = this.#ctx
    const nowNs = this.#loop.nowNs()
    meter.duration('stage.consume', nowNs - processedNs)
    meter.latency('item', nowNs - producedNs)
    meter.operations()
    this.#totals.consumed++
    this.#ctx.check(value === 2 * id, `Item ${id} was consumed with the value ${value}, not ${2 * id}`)
    this.#ctx.check(!this.#seen.has(id), `Item ${id} was consumed twice`)
    this.#seen.add(id)
  }

  /** What an item costs at a stage: a random wait, as for I/O, then work. */
  async #pause(stage: Stage, random: Random): Promise<void> {
    const { params } = this.#ctx
    const min = params[`${stage}MinMs`]
    const max = Math.max(min, params[`${stage}MaxMs`])
    await this.#loop.sleep(ms(params.scale * (min + random.uniform() * (max - min))))
    this.#loop.work(us(params.workUs))
  }
}
