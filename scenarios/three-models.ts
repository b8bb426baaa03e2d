import { defineScenario, type Loop, ms, type ScenarioContext, type Timeline, z } from '../harness/api.ts'
import { iterationsPerMs, monotonicNs } from './three-models/blocking.ts'
import { brokenPromise, disagreement } from './three-models/checks.ts'
import { MODELS, type Model, type Plan, type TaskTrace } from './three-models/models.ts'
import { type Usage, UsageWindow } from './three-models/usage.ts'

const params = z.object({
  tasks: z.number().int().min(1).max(200).default(3).describe("Tasks (the articles': 3); a thread each"),
  waits: z.number().int().min(0).max(20).default(2).describe('Waits of a task, each between computations'),
  waitMs: z.number().min(0).max(1e4).default(100).describe('Mean length of a wait, ms'),
  computeMs: z.number().min(0).max(1e4).default(20).describe('Mean CPU time of a computation, ms'),
  spread: z.number().min(0).max(1).default(0.5).describe('How far lengths are from their mean; 0: all alike'),
})

type Params = z.output<typeof params>
type Context = ScenarioContext<Params>

interface ModelRun {
  readonly model: Model
  readonly startNs: number
  readonly totalNs: number
  readonly traces: readonly TaskTrace[]
  readonly usage: Usage
}

export default defineScenario({
  name: 'three-models',
  summary:
    'The same tasks one after another, in a thread each, in one event loop: look at total.* and the lanes',
  params,
  classes: { task: {} },
  // A thread that blocks in the kernel, its stack and its context switches are the machine's: no world has them.
  time: ['real'],
  main: (loop, ctx) => runModels(loop, ctx, MODELS),
})

/**
 * All models, one at a time. The last comes first: memory that threads gave back would be taken by the loop unseen.
 */
export async function runModels(loop: Loop, ctx: Context, models: readonly Model[]): Promise<void> {
  const plans = drawPlans(ctx)
  const runs: ModelRun[] = []
  for (const model of models.toReversed()) runs.unshift(await runModel(loop, ctx, model, plans))
  for (const { model, traces } of runs) expectNone(ctx, brokenPromise(model, plans, traces))
  expectNone(ctx, disagreement(runs))
  report(ctx, runs)
}

function expectNone({ check }: Context, broken: string | undefined): void {
  check(broken === undefined, broken ?? '')
}

function drawPlans({ params, random }: Context): Plan[] {
  const { tasks, waits, waitMs, computeMs, spread } = params
  const source = random.fork('plans')
  const perMs = iterationsPerMs()
  const draw = (mean: number) => mean * (1 + spread * (2 * source.uniform() - 1))
  return Array.from({ length: tasks }, () =>
    Array.from({ length: waits + 1 }, (_, step) => ({
      iterations: Math.round(draw(computeMs) * perMs),
      waitNs: step < waits ? Math.round(ms(draw(waitMs))) : 0,
    })),
  )
}

/** The measured window is the event loop's run alone: that is what a policy has to do with. */
async function runModel(loop: Loop, ctx: Context, model: Model, plans: readonly Plan[]): Promise<ModelRun> {
  const runner = await loop.fromPromise(model.prepare(loop))
  try {
    if (model.onLoop) ctx.meter.start()
    const window = new UsageWindow()
    const startNs = monotonicNs()
    const traces = await loop.fromPromise(runner.run(plans, window.look))
    const usage = window.usage()
    if (model.onLoop) closeWindow(ctx, startNs, traces)
    return { model, startNs, totalNs: endOf(traces) - startNs, traces, usage }
  } finally {
    await loop.fromPromise(runner.close())
  }
}

function endOf(traces: readonly TaskTrace[]): number {
  return Math.max(...traces.map(({ spans }) => spans.at(-1)!.endNs))
}

function closeWindow({ meter }: Context, startNs: number, traces: readonly TaskTrace[]): void {
  for (const { spans } of traces) meter.latency('task', spans.at(-1)!.endNs - startNs)
  meter.operations(traces.length)
  meter.stop()
}

function report({ meter }: Context, runs: readonly ModelRun[]): void {
  for (const { model, totalNs, usage } of runs) {
    const better = model.onLoop ? 'lower' : 'neither'
    meter.value(`total.${model.name}`, totalNs, 'ns', better)
    meter.value(`cpu.${model.name}`, usage.cpuNs, 'ns', better)
    meter.value(`memory.${model.name}`, usage.memoryBytes, 'bytes', 'neither')
  }
  meter.table({
    title: 'The same tasks in three models',
    columns: [
      { name: 'model' },
      { name: 'total', unit: 'ns' },
      { name: 'CPU', unit: 'ns' },
      { name: 'memory', unit: 'bytes' },
      { name: 'context switches', unit: 'count' },
      { name: 'of them forced', unit: 'count' },
    ],
    rows: runs.map(({ model, totalNs, usage: { cpuNs, memoryBytes, voluntary, involuntary } }) => [
      model.title,
      totalNs,
      cpuNs,
      memoryBytes,
      voluntary + involuntary,
      involuntary,
    ]),
  })
  meter.timeline(timelineOf(runs))
}

function timelineOf(runs: readonly ModelRun[]): Timeline {
  return {
    title: 'Who runs and who waits',
    blocks: runs.map(({ model, startNs, traces }) => ({
      name: model.title,
      lanes: traces.map(({ spans }, index) => ({
        name: `task ${index + 1}`,
        spans: spans.map((span) => ({
          ...span,
          startNs: span.startNs - startNs,
          endNs: span.endNs - startNs,
        })),
      })),
    })),
  }
}
