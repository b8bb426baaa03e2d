/** What every model promises, told from what its tasks did. Each gives the broken promise, or nothing. */
import { ms } from '../../harness/api.ts'
import type { Model, Plan, Span, TaskTrace } from './models.ts'

/** How early a timer of Node's own loop may fire. */
const EARLY_NS = ms(1)

/** Every task computed and waited as planned, and no two did at once what the model does one at a time. */
export function brokenPromise(
  { title, exclusive }: Pick<Model, 'title' | 'exclusive'>,
  plans: readonly Plan[],
  traces: readonly TaskTrace[],
): string | undefined {
  if (traces.length !== plans.length) return `${title}: of ${plans.length} tasks ${traces.length} were done`
  for (const [index, { spans }] of traces.entries()) {
    const short = shortWait(plans[index]!, spans)
    if (short !== undefined) return `${title}: task ${index + 1} ${short}`
  }
  return overlap(title, exclusive, traces)
}

function shortWait(plan: Plan, spans: readonly Span[]): string | undefined {
  const waits = spans.filter(({ kind }) => kind === 'waiting')
  const planned = plan.filter(({ waitNs }) => waitNs > 0)
  if (waits.length !== planned.length) return `waited ${waits.length} times and not ${planned.length}`
  const at = waits.findIndex(({ startNs, endNs }, i) => endNs - startNs < planned[i]!.waitNs - EARLY_NS)
  if (at < 0) return undefined
  const { startNs, endNs } = waits[at]!
  return `waited ${endNs - startNs} ns where it had to wait ${planned[at]!.waitNs} ns`
}

function overlap(
  title: string,
  exclusive: Model['exclusive'],
  traces: readonly TaskTrace[],
): string | undefined {
  if (exclusive === 'nothing') return undefined
  const spans = traces
    .flatMap((trace, task) => trace.spans.map((span) => ({ ...span, task })))
    .filter(({ kind }) => exclusive === 'anything' || kind === 'running')
    .sort((a, b) => a.startNs - b.startNs)
  const at = spans.findIndex((span, index) => index > 0 && span.startNs < spans[index - 1]!.endNs)
  if (at < 0) return undefined
  return `${title}: the tasks ${spans[at - 1]!.task + 1} and ${spans[at]!.task + 1} ran at the same time`
}

/** The same computation came to the same result in every model. */
export function disagreement(
  runs: readonly { readonly model: Pick<Model, 'title'>; readonly traces: readonly TaskTrace[] }[],
): string | undefined {
  const [first, ...others] = runs
  for (const { model, traces } of others) {
    const at = traces.findIndex(({ result }, index) => result !== first!.traces[index]?.result)
    if (at >= 0)
      return `${model.title}: task ${at + 1} came to another result than in '${first!.model.title}'`
  }
  return undefined
}
