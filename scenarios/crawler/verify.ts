/** The servers' side: lets the crawler crawl, and holds what it says against what was served. */
import type { Loop } from '../../harness/api.ts'
import { hear, type PassReport, type Report, type SiteMap, Teller } from './control.ts'
import { contentOf, digestOf, groupBy, pagesOf } from './pages.ts'
import type { CrawlerContext } from './params.ts'
import { Web } from './web.ts'

const PASSES = 4

export async function serveWeb(loop: Loop, ctx: CrawlerContext): Promise<void> {
  const web = new Web(loop, ctx)
  let passes = 0
  const ended = loop.createFuture()
  const desk = hear<Report>(loop, { host: '127.0.0.1', port: 0 }, (report) => {
    if ('end' in report) ended.setResult()
    else if ('edge' in report) ctx.meter[report.edge]()
    else {
      passes++
      verifyPass(ctx, web, report)
    }
  })
  const teller = new Teller<SiteMap>(loop, ctx.address)
  await teller.tell({ sites: web.sites, reports: desk.address })
  await ended
  desk.close()
  const left = await web.close()
  ctx.check(passes === PASSES, `The crawler told of ${passes} of its ${PASSES} passes`)
  ctx.check(left === 0, `The crawler went and left ${left} connections to the servers open`)
}

/** Each page is told of once, with the content that was sent, after no fewer attempts than its server saw. */
function verifyPass(
  { params, check }: CrawlerContext,
  web: Web,
  { pass, withBad, results }: PassReport,
): void {
  const sites = web.sites.filter(({ isGood }) => withBad || isGood)
  const byPath = groupBy(results, ({ path }) => path)
  for (const { path } of pagesOf(pass, sites)) {
    const told = byPath.get(path) ?? []
    check(told.length === 1, `Page ${path} was reported ${told.length} times, not once`)
    const seen = web.requestsFor(path)
    for (const { digest, attempts } of told) {
      check(
        seen <= attempts,
        `Page ${path} is said to have been tried ${attempts} times; its server saw ${seen} requests`,
      )
      if (digest === undefined) continue
      const right = digest === digestOf(contentOf(path, params.bodyBytes))
      check(right, `Page ${path} was fetched with another content than was sent`)
    }
  }
}
