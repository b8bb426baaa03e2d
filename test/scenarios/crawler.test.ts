import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { crawl } from '../../scenarios/crawler/crawl.ts'
import { Fetcher } from '../../scenarios/crawler/fetcher.ts'
import { PARTS, type Parts } from '../../scenarios/crawler/passes.ts'
import crawler, { runCrawler } from '../../scenarios/crawler.ts'
import { addHost, runUntilNs, tell, type WorldSettings, worldOf } from '../world/simulate.ts'
import { testContext } from './context.ts'

interface Setting {
  readonly policy?: string
  readonly params?: Record<string, unknown>
  readonly parts?: Partial<Parts>
  readonly world?: WorldSettings
  readonly seed?: number
}

const leftAt = (loops: Loop[]) => loops.flatMap((loop) => [...loop.tasks()].map(({ name }) => name))

/** Both sides in a world of their own, as in a round. */
async function measure({
  policy = 'fifo',
  params = {},
  parts = {},
  world: settings = {},
  seed = 1,
}: Setting) {
  const world = worldOf(settings, seed)
  const classes = classesOf(crawler, crawler.params.parse(params))
  const driver = await addHost(world, 1, 'fifo', { classes })
  const tested = await addHost(world, 0, policy, { classes })
  const exceptions: unknown[] = []
  for (const loop of [driver, tested]) loop.setExceptionHandler(({ error }) => exceptions.push(error))
  const loadFinished = tested.createFuture()
  const driven = driver.createFuture()
  let atDriver: ReturnType<typeof testContext<typeof crawler.params>> | undefined
  const atCrawler = testContext(crawler, params, {
    seed,
    loadFinished,
    ready: (address) =>
      tell(driver, tested.nowNs(), () => {
        atDriver = testContext(crawler, params, { address, seed })
        const { ctx } = atDriver
        driver
          .spawn(() => crawler.load!(driver, ctx))
          .addDoneCallback((task) => {
            if (task.failed) exceptions.push(task.outcome)
            driven.setResult()
            tell(tested, driver.nowNs(), () => loadFinished.setResult())
          })
      }),
  })
  const serving = tested.spawn(() => runCrawler(tested, atCrawler.ctx, { ...PARTS, ...parts }))
  await world.run([driven, serving])
  if (serving.failed) exceptions.push(serving.outcome)
  await runUntilNs(world, [driver, tested], Math.max(driver.nowNs(), tested.nowNs()) + 5e9)
  const { values, counts, latencies, operations } = atCrawler.measured
  return {
    failures: [...atCrawler.failures, ...atDriver!.failures],
    exceptions,
    left: leftAt([driver, tested]),
    value: (name: string) => values.get(name)!,
    counts: Object.fromEntries(counts),
    latencies,
    operations,
    digest: world.log.digest(),
  }
}

const SOUND = { failures: [], exceptions: [], left: [] }

describe('crawler (virtual time)', () => {
  test('many at once are faster, and bad servers cost the good ones', async () => {
    const measured = await measure({})
    expect(measured).toMatchObject(SOUND)
    expect(measured.value('crawl.speedup')).toBeGreaterThan(4)
    expect(measured.value('crawl.speedup')).toBeLessThan(8)
    expect(measured.value('good.slowdown')).toBeGreaterThan(1.3)
    expect(measured.value('good.besideBad')).toBeLessThan(measured.value('crawl.concurrent'))
    // All six of what hangs, trickles and truncates, and what is reset for a third time; retries of them, twice each.
    expect(measured.counts).toEqual({ fetched: 37, failed: 7, retries: 16 })
  })

  test('a bound for each server keeps bad ones from taking all places', async () => {
    const params = { sites: 3, badPages: 6 }
    const unbounded = await measure({ params })
    const bounded = await measure({ params: { ...params, perSite: 1 } })
    expect([unbounded, bounded]).toMatchObject([SOUND, SOUND])
    expect(unbounded.value('good.slowdown')).toBeGreaterThan(2 * bounded.value('good.slowdown'))
  })

  test('one page at once gains nothing, and without bad servers nothing fails', async () => {
    const measured = await measure({ params: { concurrency: 1, badPages: 0 } })
    expect(measured).toMatchObject(SOUND)
    expect(measured.counts).toEqual({ fetched: 36, failed: 0, retries: 0 })
    expect(measured.value('crawl.speedup')).toBeCloseTo(1, 1)
    expect(measured.value('good.slowdown')).toBeCloseTo(1, 1)
  })

  test('without retries what is reset fails at once', async () => {
    const measured = await measure({ params: { retries: 0 } })
    expect(measured).toMatchObject(SOUND)
    expect(measured.counts).toEqual({ fetched: 36, failed: 8, retries: 0 })
  })

  test.each(['lifo', 'priority', 'sjf', 'edf', 'hrrn', 'las', 'timing', 'custom-selector'])(
    'every page is fetched or given up with a reason, under %s',
    async (policy) => {
      const measured = await measure({ policy, params: { sites: 3, pages: 4, parseUs: 2000 } })
      expect(measured).toMatchObject(SOUND)
      expect(measured.counts).toMatchObject({ fetched: 13, failed: 7 })
    },
  )

  test.each([1, 2, 3])('survives a network that loses connections, seed %i', async (seed) => {
    const world = { loss: '0.3', lossAfter: '5ms', jitter: '100us' }
    const measured = await measure({ world, seed, params: { retries: 5, badPages: 1 } })
    expect(measured).toMatchObject(SOUND)
    expect(measured.counts.fetched! + measured.counts.failed!).toBe(40)
    expect(measured.counts.retries).toBeGreaterThan(3 * 5)
  })

  test('a partition longer than the time for an attempt costs attempts, not pages', async () => {
    // In the midst of the last of four passes of some 400 ms each.
    const world = { partition: '1400ms+80ms' }
    const measured = await measure({ world, params: { badPages: 0, concurrency: 1 } })
    expect(measured).toMatchObject(SOUND)
    expect(measured.counts).toMatchObject({ fetched: 36, failed: 0 })
    expect(measured.counts.retries).toBeGreaterThan(0)
  })

  test('closes connections that came about just when the time for the attempt was up', async () => {
    // Reading a page holds the loop for longer than an attempt may take: time-outs and connections come together.
    const params = { timeoutMs: 2, delayMs: 0, parseUs: 3000, concurrency: 4, badPages: 0 }
    const measured = await measure({ params, world: { jitter: '200us' } })
    expect(measured).toMatchObject(SOUND)
    expect(measured.counts.retries).toBeGreaterThan(10)
  })

  test('the same seed gives the same run, another seed another', async () => {
    const params = { sites: 2, badPages: 1 }
    const runs = [await measure({ params }), await measure({ params }), await measure({ params, seed: 2 })]
    const digests = runs.map(({ digest }) => digest)
    expect(digests[0]).toBe(digests[1])
    expect(digests[0]).not.toBe(digests[2])
  })
})

describe('crawler notices (canaries)', () => {
  const FEW = { sites: 2, pages: 3, badPages: 1 }
  const ODD = '/concurrent/good-2/1'

  /** A fetcher that is wrong about one page. */
  function wrong(make: (result: Awaited<ReturnType<Fetcher['fetch']>>) => object): Partial<Parts> {
    class Wrong extends Fetcher {
      override async fetch(page: Parameters<Fetcher['fetch']>[0]) {
        const result = await super.fetch(page)
        return page.path === ODD ? ({ ...result, ...make(result) } as typeof result) : result
      }
    }
    return { fetcher: (...args) => new Wrong(...args) }
  }

  class Leaking extends Fetcher {
    protected override release(): void {}
  }

  const CASES: [string, Partial<Parts>, string | RegExp][] = [
    [
      'more pages at once than are allowed',
      { crawl: (loop, pages, bounds, fetch) => crawl(loop, pages, { ...bounds, concurrency: 9 }, fetch) },
      'concurrent: 9 pages were fetched at once, not 8',
    ],
    [
      'connections that are not closed',
      { fetcher: (...args) => new Leaking(...args) },
      /^concurrent: \d+ connections were left open$/,
    ],
    [
      'connections that the servers see open',
      { fetcher: (...args) => new Leaking(...args) },
      /^The crawler went and left \d+ connections to the servers open$/,
    ],
    [
      'a page that is left out',
      {
        crawl: (loop, pages, bounds, fetch) =>
          crawl(
            loop,
            pages.filter(({ path }) => path !== ODD),
            bounds,
            fetch,
          ),
      },
      `Page ${ODD} was reported 0 times, not once`,
    ],
    [
      'a page that is fetched twice',
      {
        crawl: (loop, pages, bounds, fetch) =>
          crawl(loop, [...pages, ...pages.filter(({ path }) => path === ODD)], bounds, fetch),
      },
      `Page ${ODD} was reported 2 times, not once`,
    ],
    [
      'a page with the content of another',
      wrong(() => ({ digest: 'that of another' })),
      `Page ${ODD} was fetched with another content than was sent`,
    ],
    [
      'a page that is given up too early',
      wrong(() => ({ digest: undefined, reason: 'no patience', attempts: 1 })),
      `Page ${ODD} was given up after 1 attempts, not 3`,
    ],
    [
      'a page that fails without a reason',
      wrong(() => ({ digest: undefined, attempts: 3 })),
      `Page ${ODD} failed without a reason`,
    ],
    [
      'attempts that are not counted',
      wrong(() => ({ attempts: 0 })),
      `Page ${ODD} is said to have been tried 0 times; its server saw 1 requests`,
    ],
  ]

  test.each(CASES)('%s', async (_name, parts, message) => {
    const { failures } = await measure({ parts, params: FEW })
    expect(failures).toContainEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })

  test('a crawler that breaks off', async () => {
    const parts: Partial<Parts> = {
      crawl: async () => {
        throw new Error('crawled no further')
      },
    }
    const { failures, exceptions } = await measure({ parts, params: FEW })
    expect(failures).toEqual(['The crawler told of 0 of its 4 passes'])
    expect(exceptions).toEqual([new Error('crawled no further')])
  })
})
