import { defineScenario, type Loop, type ScenarioContext, z } from '../harness/api.ts'
import { type Cost, measureCosts } from './callbacks-or-await/costs.ts'
import { tryErrors } from './callbacks-or-await/error-trials.ts'
import { hearOrigin, type Meeting, openClient, serveOrigin } from './callbacks-or-await/origin.ts'
import { processBody, type Steps } from './callbacks-or-await/steps.ts'
import { type OpenStore, openStore } from './callbacks-or-await/store.ts'
import { checkStored, runWorkflows } from './callbacks-or-await/workflows.ts'
import { WRITINGS, type Writing } from './callbacks-or-await/writings.ts'

const params = z.object({
  workflows: z.number().int().min(1).max(1e5).default(300).describe('Workflows of each style'),
  concurrency: z.number().int().min(1).max(1000).default(8).describe('Workflows at once, and connections'),
  costRuns: z
    .number()
    .int()
    .min(100)
    .max(1e6)
    .default(7000)
    .describe('Workflows of each style that wait for nothing, to measure the cost of a step'),
})

type Params = z.output<typeof params>

/** What a test replaces, to see that the scenario notices. */
export interface Parts {
  readonly writings: readonly Writing[]
  readonly openStore: OpenStore
}

/**
 * One workflow in several styles. What is under test is a client: it listens only for the driving side to tell where
 * its HTTP server is, so that what this server does is neither ordered nor counted with the workflow.
 */
export function makeCallbacksOrAwait(parts: Parts) {
  return defineScenario({
    name: 'callbacks-or-await',
    summary: 'One workflow as callbacks, generator and async: look at who catches an error, and at step.*',
    params,
    classes: {},
    time: ['real', 'virtual'],

    async serve(loop, ctx) {
      const told = loop.createFuture<Meeting>()
      const finished = loop.createFuture()
      const listener = loop.listen(ctx.address, hearOrigin(told, finished, ctx.meter), { name: 'control' })
      ctx.ready(listener.address)
      const loadFinished = loop.fromPromise(ctx.loadFinished)
      try {
        await loop.wait<unknown>([told, loadFinished], { returnWhen: 'first' })
        if (told.done) await compare(loop, ctx, parts, told.result())
      } finally {
        listener.close()
        finished.setResult()
      }
      await loadFinished
    },

    load: serveOrigin,
  })
}

export default makeCallbacksOrAwait({ writings: WRITINGS, openStore })

async function compare(
  loop: Loop,
  ctx: ScenarioContext<Params>,
  { writings, openStore }: Parts,
  { origin, mark }: Meeting,
): Promise<void> {
  const store = await openStore(loop)
  const client = openClient(loop, origin.items, ctx.params.concurrency)
  const resetClient = openClient(loop, origin.resets, 1)
  const steps: Steps = {
    get: client.get,
    process: processBody,
    save: (key, item, done) => store.save(key, JSON.stringify(item), done),
  }
  const careful = writings.filter(({ isCareful }) => isCareful)
  try {
    mark('start')
    const medianNs = await runWorkflows(loop, ctx, careful, steps)
    mark('stop')
    for (const writing of careful) await checkStored(ctx, writing, store)
    await tryErrors(loop, ctx, writings, { steps, getReset: resetClient.get })
    const costs = await measureCosts(loop, careful, ctx.params.costRuns)
    reportCosts(ctx, careful, medianNs, costs)
  } finally {
    await client.close()
    await resetClient.close()
    await store.close()
  }
}

function reportCosts(
  { meter }: ScenarioContext,
  writings: readonly Writing[],
  medianNs: ReadonlyMap<string, number>,
  costs: readonly Cost[],
): void {
  for (const [index, { name }] of writings.entries()) {
    const { stepNs } = costs[index]!
    if (stepNs > 0) meter.value(`step.${name}`, stepNs, 'ns', 'lower')
  }
  meter.table({
    title: 'What a style costs',
    columns: [
      { name: 'written as' },
      { name: 'median workflow, with its I/O', unit: 'ns' },
      { name: 'a step, waiting for nothing', unit: 'ns' },
      { name: 'handles of a workflow', unit: 'count' },
    ],
    rows: writings.map(({ name, title }, index) => {
      const { stepNs, handles } = costs[index]!
      return [title, medianNs.get(name)!, stepNs > 0 ? stepNs : '–', handles]
    }),
  })
}
