/** The HTTP server and its load over links that break: every request is accounted for, and nothing is left behind. */
import { describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import httpServer from '../../scenarios/http-server.ts'
import { testContext } from '../scenarios/context.ts'
import { addHost, runUntilNs, tell, twoHosts, type WorldSettings, worldOf } from './simulate.ts'
import { watchLateNews } from './traffic.ts'

const PARAMS = { durationMs: 500, warmupMs: 100, load: 0.6, connections: 64 }
const LOST = /^Request \d+ \(\w+\): Connection reset by peer \(ECONNRESET\)$/

async function serveAndLoad(settings: WorldSettings, seed = 1) {
  const world = worldOf(settings, seed)
  const classes = classesOf(httpServer, httpServer.params.parse(PARAMS))
  const driver = await addHost(world, 1, 'fifo', { classes })
  const tested = await addHost(world, 0, 'priority', { classes })
  const late = [driver, tested].map(watchLateNews)
  const exceptions: unknown[] = []
  for (const loop of [driver, tested]) loop.setExceptionHandler(({ error }) => exceptions.push(error))
  const loadFinished = tested.createFuture()
  const driven = driver.createFuture()
  const load = (address: { readonly host: string; readonly port: number }) => {
    const atDriver = testContext(httpServer, PARAMS, { address })
    const task = driver.spawn(() => httpServer.load!(driver, atDriver.ctx))
    task.addDoneCallback(() => {
      driven.setResult()
      tell(tested, driver.nowNs(), () => loadFinished.setResult())
    })
    return { ...atDriver, task }
  }
  let side: ReturnType<typeof load> | undefined
  const atServer = testContext(httpServer, PARAMS, {
    loadFinished,
    ready: (address) =>
      tell(driver, tested.nowNs(), () => {
        side = load(address as { host: string; port: number })
      }),
  })
  const serving = tested.spawn(() => httpServer.serve!(tested, atServer.ctx))
  await world.run([driven, serving])
  await runUntilNs(world, [driver, tested], Math.max(driver.nowNs(), tested.nowNs()) + 5e9)
  return {
    errors: [serving.error(), side!.task.error(), ...exceptions].filter((error) => error !== undefined),
    left: [...driver.tasks(), ...tested.tasks()].map((task) => task.name),
    failures: [...side!.failures, ...atServer.failures],
    lost: side!.measured.counts.get('errors') ?? 0,
    retries: side!.measured.counts.get('retries') ?? 0,
    answered: side!.measured.operations,
    slowestNs: Math.max(...[...side!.measured.latencies.values()].flat()),
    lateNews: late.reduce((sum, { count }) => sum + count, 0),
    digest: world.log.digest(),
  }
}

describe('http-server over a shaky network', () => {
  test('is what it was over a sound one (the control)', async () => {
    const { errors, left, failures, lost, retries, answered } = await serveAndLoad({})
    expect({ errors, left, failures }).toEqual({ errors: [], left: [], failures: [] })
    expect({ lost, retries }).toEqual({ lost: 0, retries: 0 })
    expect(answered).toBeGreaterThan(200)
  })

  test('survives the loss of a few connections: each lost request is answered at the second try', async () => {
    const { errors, left, failures, lost, retries } = await serveAndLoad({ loss: '0.1', lossAfter: '200ms' })
    expect({ errors, left, failures, lost }).toEqual({ errors: [], left: [], failures: [], lost: 0 })
    expect(retries).toBeGreaterThan(0)
  })

  test.each([1, 2, 3, 4, 5])(
    'reports each request that was lost twice, and nothing else, seed %i',
    async (seed) => {
      const settings = { loss: '0.9', lossAfter: '5ms', jitter: '100us' }
      const { errors, left, failures, lost, retries, answered } = await serveAndLoad(settings, seed)
      expect({ errors, left }).toEqual({ errors: [], left: [] })
      expect(lost).toBeGreaterThan(0)
      expect(retries).toBeGreaterThan(lost)
      expect(answered).toBeGreaterThan(100)
      expect(failures.filter((failure) => !LOST.test(failure))).toEqual([])
      expect(failures.length).toBe(lost)
    },
  )

  test('ends even where every connection is lost at once', async () => {
    const { errors, left, failures, answered } = await serveAndLoad({ loss: '1', lossAfter: '0' })
    expect({ errors, left, answered }).toEqual({ errors: [], left: [], answered: 0 })
    expect(failures.filter((failure) => !LOST.test(failure))).toEqual([])
  })

  test('answers all that a partition held up, late', async () => {
    const sound = await serveAndLoad({})
    const parted = await serveAndLoad({ partition: '200ms+150ms;450ms+20ms' })
    expect({ ...parted, slowestNs: 0, digest: '' }).toEqual({ ...sound, slowestNs: 0, digest: '' })
    expect(sound.slowestNs).toBeLessThan(150e6)
    expect(parted.slowestNs).toBeGreaterThan(150e6)
  })

  test.each<WorldSettings>([
    { latency: '0', pollNs: '100000' },
    { latency: '0', bandwidth: 'unlimited', dispatchNs: '20000' },
    { jitter: '1ms', loss: '0.5', lossAfter: '50ms', partition: '200ms+50ms', pollNs: '100000' },
  ])('tells no host of anything for a time at which it has already looked: %o', async (settings) => {
    expect(await serveAndLoad(settings)).toMatchObject({ errors: [], left: [], lateNews: 0 })
  })

  test('would be seen to (canary): news for the past is counted', async () => {
    const { world, client, server } = await twoHosts()
    const late = watchLateNews(server)
    server.callAt(1000, () => {})
    client.callAt(1000, () => tell(server, 999, () => {}))
    await runUntilNs(world, [client, server], 2000)
    expect(late.count).toBe(0)
    client.callAt(3000, () => tell(server, 1999, () => {}))
    await runUntilNs(world, [client, server], 4000)
    expect(late.count).toBe(1)
  })

  test('repeats exactly, whatever is shaken', async () => {
    const settings = { loss: '0.5', lossAfter: '50ms', jitter: '1ms', partition: '200ms+50ms', pollNs: '500' }
    const { digest } = await serveAndLoad(settings, 3)
    expect((await serveAndLoad(settings, 3)).digest).toBe(digest)
    expect((await serveAndLoad(settings, 4)).digest).not.toBe(digest)
  })
})
