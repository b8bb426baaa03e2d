/** The side under test: crawls the same pages in four ways, and compares. */
import type { Loop } from '../../harness/api.ts'
import { type PageResult, type Report, type Site, type SiteMap, Teller } from './control.ts'
import { crawl } from './crawl.ts'
import { Fetcher } from './fetcher.ts'
import { type Page, pagesOf } from './pages.ts'
import type { CrawlerContext } from './params.ts'
import { type Done, type Pass, reportPasses } from './report.ts'

/** What a crawler is made of. */
export interface Parts {
  fetcher(...args: ConstructorParameters<typeof Fetcher>): Fetcher
  readonly crawl: typeof crawl
}

export const PARTS: Parts = { fetcher: (...args) => new Fetcher(...args), crawl }

/** Crawls what there is, and tells what came of it. */
export async function runPasses(
  loop: Loop,
  ctx: CrawlerContext,
  { sites, reports }: SiteMap,
  parts: Parts,
): Promise<void> {
  const teller = new Teller<Report>(loop, reports)
  const runner = new PassRunner(loop, ctx, teller, parts)
  const { concurrency } = ctx.params
  const good = sites.filter(({ isGood }) => isGood)
  try {
    const sequentialGood = await runner.run('sequential-good', good, false, 1)
    const sequential = await runner.run('sequential', sites, true, 1)
    const concurrentGood = await runner.run('concurrent-good', good, false, concurrency)
    await teller.tell({ edge: 'start' })
    ctx.meter.start()
    const concurrent = await runner.run('concurrent', sites, true, concurrency)
    ctx.meter.stop()
    await teller.tell({ edge: 'stop' })
    reportPasses(ctx, { sequentialGood, sequential, concurrentGood, concurrent })
  } finally {
    await teller.tell({ end: true })
  }
}

class PassRunner {
  readonly #loop: Loop
  readonly #ctx: CrawlerContext
  readonly #teller: Teller<Report>
  readonly #parts: Parts

  constructor(loop: Loop, ctx: CrawlerContext, teller: Teller<Report>, parts: Parts) {
    this.#loop = loop
    this.#ctx = ctx
    this.#teller = teller
    this.#parts = parts
  }

  /** Every pass has its pages in the same order. */
  async run(name: string, sites: readonly Site[], withBad: boolean, concurrency: number): Promise<Pass> {
    const { params, random, meter } = this.#ctx
    const pages = random.fork('order').shuffle(pagesOf(name, sites))
    const fetcher = this.#parts.fetcher(this.#loop, this.#ctx)
    const bounds = { concurrency, perSite: params.perSite === 0 ? concurrency : params.perSite }
    const startNs = this.#loop.nowNs()
    const done: Done[] = []
    const results = await this.#parts.crawl(this.#loop, pages, bounds, async (page: Page) => {
      const result = await fetcher.fetch(page)
      const doneNs = this.#loop.nowNs() - startNs
      done.push({ ...result, site: page.site, doneNs })
      meter.latency(page.site.isGood ? 'good' : 'bad', doneNs)
      if (result.digest !== undefined) meter.operations()
      return result
    })
    const totalNs = this.#loop.nowNs() - startNs
    this.#verify(name, concurrency, fetcher, results, await fetcher.left())
    await this.#teller.tell({ pass: name, withBad, results })
    return { name, totalNs, done }
  }

  #verify(
    pass: string,
    concurrency: number,
    { mostUnderWay }: Fetcher,
    results: readonly PageResult[],
    left: number,
  ): void {
    const { check, params } = this.#ctx
    check(
      mostUnderWay <= concurrency,
      `${pass}: ${mostUnderWay} pages were fetched at once, not ${concurrency}`,
    )
    check(left === 0, `${pass}: ${left} connections were left open`)
    for (const { path, digest, reason, attempts } of results) {
      if (digest !== undefined) continue
      check(reason !== undefined && reason !== '', `Page ${path} failed without a reason`)
      check(
        attempts === params.retries + 1,
        `Page ${path} was given up after ${attempts} attempts, not ${params.retries + 1}`,
      )
    }
  }
}
