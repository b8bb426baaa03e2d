/** With real processes: they run the sources as these tests do. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadPlugin } from '../../../harness/catalog.ts'
import { divergingEvent, divergingInterval } from '../../../harness/measure/divergence.ts'
import { planCells } from '../../../harness/measure/plan.ts'
import { runVirtual } from '../../../harness/measure/round.ts'
import type { RoundRequest } from '../../../harness/measure/runner.ts'
import { preparePolicy } from '../../../harness/policy-parts.ts'
import { divergenceBetween } from '../../../harness/verdict/checkpoints.ts'
import { DEFAULT_WORLD_MODEL } from '../../../harness/world/model.ts'

const folder = mkdtempSync(join(tmpdir(), 'loopdyno-divergence-test-'))

/** Sleeps 400 times, two events each. One of its sleeps is longer than the others. */
function sleeper(file: string, longSleep: number, end = ''): string {
  const path = join(folder, file)
  writeFileSync(
    path,
    `import { defineScenario, ms, z } from 'loopdyno'
     export default defineScenario({
       name: 'sleeper', summary: 'sleeps', params: z.object({}), classes: {}, time: ['virtual'],
       async main(loop, ctx) {
         for (let i = 1; i <= 400; i++) await loop.sleep(ms(i === ${longSleep} ? 2 : 1))
         ctx.meter.operations()
         ${end}
       },
     })`,
  )
  return path
}

async function requestOf(path: string): Promise<RoundRequest> {
  const [planned] = planCells({
    policies: [await preparePolicy('fifo')],
    scenarios: [{ text: path, scenario: await loadPlugin('scenario', path) }],
    selectors: ['epoll'],
    times: ['virtual'],
    settings: [],
  })
  return {
    planned: planned!,
    round: 0,
    seed: 1,
    timeLimitMs: 20_000,
    repeats: 1,
    world: DEFAULT_WORLD_MODEL,
    isStopped: () => false,
  }
}

/** One that nobody else writes into, but for what the processes' loader keeps of the sources: that takes seconds to make. */
function useOwnTemporaryFolder(): void {
  const own = mkdtempSync(join(folder, 'temporary-'))
  const cache = join(tmpdir(), 'jiti')
  mkdirSync(cache, { recursive: true })
  symlinkSync(cache, join(own, 'jiti'))
  vi.stubEnv('TMPDIR', own)
}

function leftBehind(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('loopdyno-'))
}

let before: RoundRequest
let after: RoundRequest

beforeAll(async () => {
  before = await requestOf(sleeper('before.ts', 0))
  after = await requestOf(sleeper('after.ts', 390))
  useOwnTemporaryFolder()
  const loader = import.meta.resolve('jiti/register')
  vi.stubEnv('NODE_OPTIONS', `--import ${loader}`)
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

/** What a baseline keeps of a round: run here, without a process. */
async function recordOf({ planned, seed, world }: RoundRequest) {
  const { scenario, policy } = planned
  const input = { scenario: scenario.scenario, policy, plain: policy, params: planned.cell.params }
  return runVirtual({ ...input, selector: 'epoll', seed, world })
}

describe('two sides in virtual time', () => {
  test('are shown with the first event that differs, and what kept their logs is removed', async () => {
    const text = await divergingEvent(before, after, ['HEAD', 'the working tree'])
    expect(text).toBe(
      "event 780: HEAD: host 0 at 390 ms 'endSleep' (handle 779, ran for 0 ns); " +
        "the working tree: host 0 at 391 ms 'endSleep' (handle 779, ran for 0 ns)",
    )
    expect(leftBehind()).toEqual([])
  })

  test('have no such event where they behave in the same way, whatever they measure', async () => {
    const other = await requestOf(sleeper('other.ts', 390, 'ctx.meter.operations()'))
    expect(await divergingEvent(after, other, ['old', 'new'])).toBeUndefined()
  })

  test('have none where one of them breaks off', async () => {
    const broken = await requestOf(sleeper('broken.ts', 0, 'process.exit(3)'))
    expect(await divergingEvent(broken, broken, ['old', 'new'])).toBeUndefined()
    expect(leftBehind()).toEqual([])
  })

  test('are shown with what the new one does there, where the old one is but a record', async () => {
    const [old, now] = await Promise.all([before, after].map(recordOf))
    const interval = divergenceBetween(old!.checkpoints!, now!.checkpoints!)!
    const [text, ofOtherCode] = await Promise.all([
      divergingInterval(after, interval, now!.digest!),
      divergingInterval(after, interval, old!.digest!),
    ])
    expect(text).toBe(
      'the first difference lies within events 769 to 784 of 802 (384 ms to 393 ms: ' +
        "host 0 at 384 ms 'main' (handle 768, ran for 0 ns); " +
        "host 0 at 385 ms 'endSleep' (handle 769, ran for 0 ns); " +
        "host 0 at 385 ms 'main' (handle 770, ran for 0 ns); …)",
    )
    expect(ofOtherCode).toBeUndefined()
  })
})
