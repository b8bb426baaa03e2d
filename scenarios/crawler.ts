import { defineScenario, type Loop } from '../harness/api.ts'
import { hear, type SiteMap } from './crawler/control.ts'
import { type CrawlerContext, crawlerParams } from './crawler/params.ts'
import { PARTS, runPasses } from './crawler/passes.ts'
import { serveWeb } from './crawler/verify.ts'

export default defineScenario({
  name: 'crawler',
  summary:
    'Pages of slow servers, some of them broken, fetched one by one and at once: look at crawl.speedup, good.slowdown',
  params: crawlerParams,
  classes: { fetch: { priority: 1 }, parse: { priority: 5 } },
  time: ['real', 'virtual'],

  serve: (loop, ctx) => runCrawler(loop, ctx),
  // The web is what drives the crawler: it tells over the crawler's address where its servers are.
  load: serveWeb,
})

/** The side under test; each of its parts can be replaced. */
export async function runCrawler(loop: Loop, ctx: CrawlerContext, parts = PARTS): Promise<void> {
  const started = loop.createFuture<SiteMap | undefined>()
  const listener = hear<SiteMap>(loop, ctx.address, (map) => started.setResult(map))
  ctx.ready(listener.address)
  const driven = loop.spawn(
    async () => {
      await ctx.loadFinished
      // The other side gave up before it told anything.
      if (!started.done) started.setResult(undefined)
    },
    { name: 'crawler' },
  )
  const map = await started
  if (map !== undefined) await runPasses(loop, ctx, map, parts)
  await driven
  listener.close()
}
