import {
  defineScenario,
  isFdSelector,
  type Loop,
  ms,
  openPipe,
  type Pipe,
  type PipeKind,
  type ScenarioContext,
  UnsupportedError,
  z,
} from '../harness/api.ts'
import { closePipes, Ring } from './pipes/ring.ts'
import { sizesParam } from './pipes/sizes.ts'

const params = z
  .object({
    sizes: sizesParam('10,100,400,1000,4000', 1e5, 'Pipes watched, step by step: 10,100,1000'),
    active: z.number().int().min(1).max(1000).default(1).describe('Bytes under way at once'),
    writes: z.number().int().min(0).max(1e6).default(100).describe('Bytes written by who has read one'),
    runs: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .default(25)
      .describe('Measured runs of each size: the fastest counts'),
    kind: z.enum(['pipe', 'socketpair']).default('socketpair').describe('What is watched: pipe, socketpair'),
  })
  .refine(({ sizes, active }) => active <= sizes[0]!, {
    path: ['active'],
    message: 'must be at most the smallest of sizes',
  })

/** Until the code that is measured has been compiled. */
const WARM_UP_EVENTS = 20_000
/** Opened in one handle. */
const PIPES_AT_ONCE = 64
/** Left to the rest of the process: whoever runs out of all descriptors cannot even say so. */
const SPARE_PIPES = 16

type Context = ScenarioContext<z.output<typeof params>>

interface Step {
  readonly size: number
  readonly perEventNs: number
  readonly eventsPerLook: number
}

export default defineScenario({
  name: 'pipes',
  summary: "libevent's classic benchmark: look at perEvent.10 to perEvent.4000, selector by selector",
  params,
  classes: { event: {} },
  // What a look at many descriptors costs is a fact about a real kernel; in virtual time it is whatever was assumed.
  time: ['real'],

  async main(loop, ctx) {
    await loop.spawn(() => measureSizes(loop, ctx), { name: 'ring', className: 'event' })
  },
})

/** The check has told what is wrong: a byte that is lost would be waited for in each run. */
class BrokenRing extends Error {
  override readonly name = 'BrokenRing'
}

/** Exported for tests, which bring pipes that lose or invent bytes. */
export async function measureSizes(
  loop: Loop,
  ctx: Context,
  makeRing = (pipes: readonly Pipe[]) => new Ring(loop, pipes),
  warmUpEvents = WARM_UP_EVENTS,
): Promise<void> {
  const { sizes, kind } = ctx.params
  const { pipes, shortage } = await openPipes(loop, kind, sizes.at(-1)!)
  const ring = makeRing(pipes)
  try {
    const possible = sizes.filter((size) => size <= pipes.length)
    if (possible.length === 0) throw new UnsupportedError(`${sizes[0]} pipes are too many here: ${shortage}`)
    await ring.growTo(possible[0]!)
    for (let events = 0; events < warmUpEvents; events += eventsOf(ctx)) await checkedRun(ctx, ring)
    const steps: Step[] = []
    for (const size of possible) steps.push(await measure(loop, ctx, ring, size))
    ctx.meter.stop()
    await loop.sleep(ms(1)) // whatever came too much would be here by now
    ctx.check(ring.surplus === 0, `${ring.surplus} bytes came that nobody had written`)
    report(ctx, steps, shortage)
  } catch (error) {
    if (!(error instanceof BrokenRing)) throw error
  } finally {
    ring.close()
  }
}

interface Opened {
  readonly pipes: readonly Pipe[]
  /** Why there are no more. */
  readonly shortage: string
}

/** As many as can be watched, up to `most`. Gives way now and then: opening thousands takes long. */
async function openPipes(loop: Loop, kind: PipeKind, most: number): Promise<Opened> {
  const { selector } = loop
  const maxFd = isFdSelector(selector) ? selector.maxFd : Number.POSITIVE_INFINITY
  const pipes: Pipe[] = []
  while (pipes.length < most) {
    const pipe = openUnlessExhausted(kind)
    if (pipe === undefined) {
      closePipes(pipes.splice(-SPARE_PIPES))
      return { pipes, shortage: 'the process may open no more descriptors (ulimit -n)' }
    }
    if (pipe.readFd > maxFd) {
      closePipes([pipe])
      return { pipes, shortage: `${selector.name} watches no descriptor above ${maxFd}` }
    }
    pipes.push(pipe)
    if (pipes.length % PIPES_AT_ONCE === 0) await loop.yieldNow()
  }
  return { pipes, shortage: '' }
}

function openUnlessExhausted(kind: PipeKind): Pipe | undefined {
  try {
    return openPipe(kind)
  } catch (error) {
    if ((error as { code?: string }).code === 'EMFILE') return undefined
    throw error
  }
}

async function measure(loop: Loop, ctx: Context, ring: Ring, size: number): Promise<Step> {
  const { runs } = ctx.params
  await ring.growTo(size)
  await checkedRun(ctx, ring) // the first look at new descriptors
  // Each step starts the window anew, so that throughput and cost per operation are those of the largest size.
  ctx.meter.start()
  const selects = loop.selects
  const tookNs: number[] = []
  for (let run = 0; run < runs; run++) tookNs.push(await checkedRun(ctx, ring))
  const events = eventsOf(ctx)
  ctx.meter.operations(events * runs)
  const looks = loop.selects - selects
  return {
    size,
    // The fastest run is the one that the rest of the machine disturbed least (as Python's timeit has it).
    perEventNs: Math.min(...tookNs) / events,
    eventsPerLook: looks === 0 ? 0 : (events * runs) / looks,
  }
}

function eventsOf({ params }: Context): number {
  return params.active + params.writes
}

async function checkedRun(ctx: Context, ring: Ring): Promise<number> {
  const { active, writes } = ctx.params
  const { read, written, tookNs } = await ring.run(active, writes)
  const right = read === active + writes && written === read
  ctx.check(right, `${written} bytes were written and ${read} read, not ${active} + ${writes}`)
  if (!right) throw new BrokenRing()
  return tookNs
}

function report({ meter, params }: Context, steps: readonly Step[], shortage: string): void {
  for (const { size, perEventNs } of steps) meter.value(`perEvent.${size}`, perEventNs, 'ns', 'lower')
  const done = steps.length
  if (done > 1)
    meter.value('perEvent.growth', steps[done - 1]!.perEventNs / steps[0]!.perEventNs, 'ratio', 'lower')
  meter.table({
    title: `Cost per event by ${params.kind}s watched, ${params.active} active`,
    columns: [
      { name: `${params.kind}s`, unit: 'count' },
      { name: 'per event', unit: 'ns' },
      { name: 'events a look' },
      { name: '' },
    ],
    rows: [
      ...steps.map(({ size, perEventNs, eventsPerLook }) => [
        size,
        perEventNs,
        eventsPerLook === 0 ? '–' : eventsPerLook.toFixed(2),
        '',
      ]),
      ...params.sizes.slice(done).map((size) => [size, '–', '–', `unsupported: ${shortage}`]),
    ],
  })
}
