/**
 * A recorded workload on one server: what arrived when, of which class, and how long it took, from a file. Run it with
 * its own command, which looks the file over first: `loopdyno replay trace.csv.gz`.
 */
import { type ClassSpec, defineScenario, openTrace, parseColumns, z } from '../harness/api.ts'
import { sliceParam } from './queueing/customers.ts'
import { type Job, serveJobs } from './queueing/jobs.ts'

const SPEED = 'expected a factor above 0, up to 1000000'

const params = z
  .object({
    trace: z.string().default('').describe('The file: CSV or JSONL, plain or gzip'),
    fingerprint: z
      .string()
      .default('')
      .describe('First digits of the SHA-256 of the file: which trace it was'),
    format: z.enum(['auto', 'csv', 'jsonl']).default('auto').describe("auto: by the file's name"),
    columns: z
      .string()
      .default('')
      .describe('Which column holds what: arrival=timestamp:s,class=kind,service=took:ms'),
    classes: z.string().default('').describe('All classes with their priorities: code=0,conv=1'),
    speed: z
      .number(SPEED)
      .positive(SPEED)
      .max(1e6, SPEED)
      .default(1)
      .describe('How much faster than recorded jobs arrive'),
    slice: sliceParam(),
    declared: z.boolean().default(true).describe('Whether policies are told how long a job takes'),
  })
  .refine(({ trace }) => trace !== '', {
    path: ['trace'],
    message: 'replay needs a trace: loopdyno replay FILE',
  })

type Params = z.output<typeof params>

export default defineScenario({
  name: 'replay',
  summary: 'A recorded trace on one server: look at sojourn.CLASS and at the queue over time',
  params,
  classes: ({ classes }) => parseClasses(classes),
  time: ['virtual'],

  async main(loop, ctx) {
    const { slice, declared } = ctx.params
    const sliceNs = slice === 0 ? Number.POSITIVE_INFINITY : slice
    const population = await serveJobs(loop, ctx.meter, jobsOf(ctx.params, loop.nowNs()), {
      sliceNs,
      declared,
    })
    ctx.check(
      population.littleError() < 1e-9,
      `Little's law is broken by a share of ${population.littleError()}: jobs were lost or counted twice`,
    )
  },
})

/** The first job arrives at once. */
function* jobsOf({ trace, format, columns, speed }: Params, startNs: number): Generator<Job> {
  const rows = openTrace(trace, { format: format === 'auto' ? undefined : format, ...parseColumns(columns) })
  let firstNs: number | undefined
  for (const { arrivalNs, className, serviceNs, deadlineNs } of rows) {
    firstNs ??= arrivalNs
    const atNs = startNs + Math.round((arrivalNs - firstNs) / speed)
    yield { atNs, className, serviceNs, deadlineNs: deadlineNs === Infinity ? undefined : atNs + deadlineNs }
  }
}

/** `code=0,conv=1`: names may hold anything but a comma. */
export function parseClasses(text: string): Record<string, ClassSpec> {
  const pieces = text.split(',').filter((piece) => piece !== '')
  return Object.fromEntries(
    pieces.map((piece) => {
      const [, name, priority] = /^(.+)=(-?\d+)$/.exec(piece) ?? []
      if (name === undefined) throw new TypeError(`'${piece}' is no class: write NAME=PRIORITY, as in code=0`)
      return [name, { priority: Number(priority) }]
    }),
  )
}
