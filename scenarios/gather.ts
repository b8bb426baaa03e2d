import { defineScenario, type Loop, ms, type ScenarioContext, z } from '../harness/api.ts'

const params = z
  .object({
    tasks: z.number().int().min(1).max(1e6).default(5000).describe("Tasks at once (the articles': 5)"),
    distribution: z
      .enum(['uniform', 'exponential'])
      .default('uniform')
      .describe('How the sleeps are spread: uniform, exponential'),
    minMs: z
      .number()
      .min(0)
      .max(6e4)
      .default(75)
      .describe("uniform: shortest sleep, ms (the articles': 500)"),
    maxMs: z
      .number()
      .min(0)
      .max(6e4)
      .default(300)
      .describe("uniform: longest sleep, ms (the articles': 2000)"),
    meanMs: z.number().positive().max(6e4).default(30).describe('exponential: mean sleep, ms'),
  })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, { path: ['maxMs'], message: 'maxMs must be minMs or more' })

/** How early a timer of Node's own loop may fire. */
const EARLY_NS = ms(1)

type Params = z.output<typeof params>

export default defineScenario({
  name: 'gather',
  summary: 'Many tasks sleep at once: look at gather.total against gather.sum, and at timerLateness',
  params,
  classes: {},
  time: ['real', 'virtual'],

  async main(loop, ctx) {
    const sleepsNs = drawSleeps(ctx)
    const startNs = loop.nowNs()
    const results = await loop.gather(
      sleepsNs.map((sleepNs, index) =>
        loop.spawn(() => sleepFor(loop, ctx, sleepNs, index), { name: 'sleeper' }),
      ),
    )
    report(ctx, sleepsNs, loop.nowNs() - startNs)
    ctx.check(
      results.every((result, index) => result === index),
      'The results of gather are not in the order of its tasks',
    )
  },
})

async function sleepFor(
  loop: Loop,
  { meter }: ScenarioContext<Params>,
  sleepNs: number,
  index: number,
): Promise<number> {
  const dueNs = loop.nowNs() + sleepNs
  await loop.sleep(sleepNs)
  // Timers of Node's own loop, counted in whole milliseconds, may fire early: that is not late.
  meter.duration('timerLateness', Math.max(0, loop.nowNs() - dueNs))
  meter.operations()
  return index
}

function drawSleeps({ params, random }: ScenarioContext<Params>): number[] {
  const source = random.fork('sleeps')
  const min = ms(params.minMs)
  const span = Math.max(0, ms(params.maxMs) - min)
  const draw =
    params.distribution === 'uniform'
      ? () => min + source.uniform() * span
      : () => source.exponential(ms(params.meanMs))
  return Array.from({ length: params.tasks }, () => Math.round(draw()))
}

function report(ctx: ScenarioContext<Params>, sleepsNs: readonly number[], totalNs: number): void {
  const sumNs = sleepsNs.reduce((sum, sleepNs) => sum + sleepNs, 0)
  const longestNs = sleepsNs.reduce((longest, sleepNs) => Math.max(longest, sleepNs), 0)
  ctx.meter.value('gather.total', totalNs, 'ns', 'lower')
  ctx.meter.value('gather.longest', longestNs, 'ns', 'neither')
  ctx.meter.value('gather.expected', expectedTotalNs(ctx.params), 'ns', 'neither')
  ctx.meter.value('gather.sum', sumNs, 'ns', 'neither')
  ctx.meter.value('gather.speedup', sumNs / totalNs, 'ratio', 'higher')
  ctx.check(
    totalNs >= longestNs - EARLY_NS,
    `All was done after ${totalNs} ns, before the longest sleep of ${longestNs} ns`,
  )
}

/**
 * The mean of the longest of n sleeps, which is when all are done if the loop costs nothing: for the exponential
 * distribution the harmonic number H_n times the mean, for the uniform one n/(n+1) of the way.
 */
export function expectedTotalNs({ tasks, distribution, minMs, maxMs, meanMs }: Params): number {
  if (distribution === 'uniform') return ms(minMs + (Math.max(0, maxMs - minMs) * tasks) / (tasks + 1))
  let harmonic = 0
  for (let k = tasks; k >= 1; k--) harmonic += 1 / k // smallest first: least rounding
  return ms(meanMs) * harmonic
}
