import type { PageResult, Site } from './control.ts'
import { groupBy } from './pages.ts'
import type { CrawlerContext } from './params.ts'

const STEPS = 48

/** A page that has been done, and when, ns from the start of its pass. */
export interface Done extends PageResult {
  readonly site: Site
  readonly doneNs: number
}

export interface Pass {
  readonly name: string
  readonly totalNs: number
  /** In the order in which they were done. */
  readonly done: readonly Done[]
}

/** With good servers only, and with bad ones among them; one page after another, and several at once. */
export interface Passes {
  readonly sequentialGood: Pass
  readonly sequential: Pass
  readonly concurrentGood: Pass
  readonly concurrent: Pass
}

export function reportPasses({ meter, params }: CrawlerContext, passes: Passes): void {
  const { sequentialGood, sequential, concurrentGood, concurrent } = passes
  meter.value('crawl.sequential', sequential.totalNs, 'ns', 'neither')
  meter.value('crawl.concurrent', concurrent.totalNs, 'ns', 'lower')
  meter.value('crawl.speedup', sequential.totalNs / concurrent.totalNs, 'ratio', 'higher')
  meter.value('good.alone', lastGoodNs(concurrentGood), 'ns', 'neither')
  meter.value('good.besideBad', lastGoodNs(concurrent), 'ns', 'lower')
  meter.value('good.slowdown', lastGoodNs(concurrent) / lastGoodNs(concurrentGood), 'ratio', 'lower')
  meter.count('fetched', concurrent.done.filter(({ digest }) => digest !== undefined).length)
  meter.count('failed', concurrent.done.filter(({ digest }) => digest === undefined).length)
  meter.count(
    'retries',
    concurrent.done.reduce((sum, { attempts }) => sum + attempts - 1, 0),
  )
  meter.table({
    title: 'How long it took',
    columns: [
      { name: 'pages at once', unit: 'count' },
      { name: 'good servers alone', unit: 'ns' },
      { name: 'with bad ones', unit: 'ns' },
      { name: 'last good page', unit: 'ns' },
    ],
    rows: [
      [1, sequentialGood.totalNs, sequential.totalNs, lastGoodNs(sequential)],
      [params.concurrency, concurrentGood.totalNs, concurrent.totalNs, lastGoodNs(concurrent)],
    ],
  })
  meter.table({
    title: `What became of the pages, ${params.concurrency} at once`,
    columns: [
      { name: 'server' },
      { name: 'pages', unit: 'count' },
      { name: 'fetched', unit: 'count' },
      { name: 'attempts', unit: 'count' },
      { name: 'last done', unit: 'ns' },
      { name: 'why not' },
    ],
    rows: [...groupBy(concurrent.done, ({ site }) => (site.isGood ? 'good' : site.name))]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, pages]) => rowOf(name, pages)),
  })
  reportProgress(meter, concurrentGood, concurrent)
}

/** When the last page of a good server was done, ns from the start of the pass. */
function lastGoodNs({ done }: Pass): number {
  return done.reduce((last, { site, doneNs }) => (site.isGood ? Math.max(last, doneNs) : last), 0)
}

function rowOf(name: string, pages: readonly Done[]): (string | number)[] {
  const fetched = pages.filter(({ digest }) => digest !== undefined).length
  const attempts = pages.reduce((sum, page) => sum + page.attempts, 0)
  const reasons = [...new Set(pages.flatMap(({ reason }) => reason ?? []))]
  return [name, pages.length, fetched, attempts, pages.at(-1)!.doneNs, reasons.join(', ') || '–']
}

/** How many pages of good servers are done, over time. */
function reportProgress(meter: CrawlerContext['meter'], alone: Pass, besideBad: Pass): void {
  const longestNs = Math.max(lastGoodNs(alone), lastGoodNs(besideBad))
  const stepNs = longestNs / STEPS
  if (stepNs === 0) return
  const doneBy = ({ done }: Pass) =>
    Array.from(
      { length: STEPS },
      (_, i) => done.filter(({ site, doneNs }) => site.isGood && doneNs <= (i + 1) * stepNs).length,
    )
  meter.timeSeries({
    title: 'Pages of good servers done',
    unit: 'count',
    stepNs,
    lines: { alone: doneBy(alone), 'beside bad servers': doneBy(besideBad) },
  })
}
