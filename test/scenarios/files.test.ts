import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { classesOf } from '../../harness/define.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import type { SpawnOptions } from '../../harness/loop/task.ts'
import { openFolder } from '../../scenarios/files/folder.ts'
import type { Parts } from '../../scenarios/files/params.ts'
import files, { runFiles } from '../../scenarios/files.ts'
import { errorOf } from '../loop/bench.ts'
import { simulate, type WorldSettings } from '../world/simulate.ts'
import { testContext } from './context.ts'
import { runReal } from './thread-safe-ground.ts'

const SMALL = { files: 30, quietMs: 20 }
const worst = (values: number[]) => Math.max(...values)

type Change = (loop: Loop) => Partial<Parts>

function program(loop: Loop, ctx: Parameters<typeof runFiles>[1], change: Change): Promise<void> {
  return runFiles(loop, ctx, { disk: loop, openFolder, ...change(loop) })
}

async function measure(policy: string, change: Change = () => ({}), params = {}, world: WorldSettings = {}) {
  const { ctx, measured, failures } = testContext(files, { ...SMALL, ...params })
  const classes = classesOf(files, ctx.params)
  const { digest } = await simulate(policy, (loop) => program(loop, ctx, change), { classes, world })
  return { measured, failures, digest }
}

/** The loop's disk with another way to read or write. */
const disk = (change: (loop: Loop) => Partial<Parts['disk']>) => (loop: Loop) => ({
  disk: { readFile: loop.readFile.bind(loop), writeFile: loop.writeFile.bind(loop), ...change(loop) },
})

describe('files (virtual time)', () => {
  test.each(['fifo', 'lifo', 'priority', 'sjf', 'edf', 'hrrn', 'las', 'timing'])(
    'every file is read as it was written under %s',
    async (policy) => {
      const { measured, failures } = await measure(policy)
      expect(failures).toEqual([])
      expect(measured.counts.get('files.written')).toBe(60)
      expect(measured.durations.get('file.write')).toHaveLength(60)
      expect(measured.durations.get('file.read')).toHaveLength(90)
    },
  )

  test('what is done with the files makes sensitive work wait under fifo, and not under priority', async () => {
    const [fifo, priority] = [await measure('fifo'), await measure('priority')]
    const waitsNs = [fifo, priority].map(({ measured }) => worst(measured.latencies.get('sensitive')!))
    expect(waitsNs[0]).toBeGreaterThan(1e6)
    // At most the file that holds the loop, and sensitive ones that came just before.
    expect(waitsNs[1]).toBeLessThan(300e3 + 3 * 50e3)
  })

  test("takes the model's file times", async () => {
    const alone = { files: 1, versions: 1, inFlight: 1, parseUs: 0, maxKiB: 1, sensitivePerSecond: 1 }
    const { measured } = await measure('fifo', undefined, alone, { fileTime: '3ms' })
    expect(measured.durations.get('file.write')).toEqual([3e6])
    expect(measured.durations.get('file.read')).toEqual([3e6, 3e6])
  })

  test('is the same each time', async () => {
    expect((await measure('fifo')).digest).toBe((await measure('fifo')).digest)
  })

  test('tries again where descriptors run out, and counts it', async () => {
    let calls = 0
    const short = disk((loop) => ({
      readFile: (path) => {
        if (calls++ % 3 > 0) return loop.readFile(path)
        return failed(loop, 'EMFILE')
      },
    }))
    const { measured, failures } = await measure('fifo', short)
    expect(failures).toEqual([])
    expect(measured.counts.get('files.retried')).toBeGreaterThan(30)
    expect(measured.durations.get('file.read')).toHaveLength(90)
  })
})

/** What a disk gives that fails. */
function failed(loop: Loop, code: string) {
  const future = loop.createFuture<Uint8Array>()
  future.setError(Object.assign(new Error(`${code}: it failed`), { code }))
  return future
}

describe('files notices', () => {
  test.each<[string, Change, RegExp]>([
    [
      'a byte that is lost',
      disk((loop) => ({
        readFile: (path) => loop.spawn(async () => (await loop.readFile(path)).subarray(1)),
      })),
      /File 0, of \d+ bytes, was read after version 0 was written with other contents/,
    ],
    [
      'a write that does not arrive',
      disk((loop) => {
        let writes = 0
        return {
          writeFile: (path, data) =>
            loop.writeFile(path, writes++ === 40 ? Buffer.alloc(data.length, 'nothing') : data),
        }
      }),
      /was read after version \d was written with other contents/,
    ],
    [
      'files that overwrite one another',
      disk((loop) => ({
        writeFile: (path, data) => {
          if (path.endsWith('/7.txt')) void loop.writeFile(path.replace('/7.', '/3.'), data)
          return loop.writeFile(path, data)
        },
      })),
      /File 3, of \d+ bytes, was read at the end with other contents/,
    ],
    [
      'a folder that stays',
      () => ({ openFolder: async () => ({ path: '/files', remove: async () => {}, isThere: () => true }) }),
      /The folder \/files is still there at the end/,
    ],
  ])('%s', async (_, change, message) => {
    const { failures } = await measure('fifo', change)
    expect(failures.join('\n')).toMatch(message)
  })
})

test('files notices sensitive work that is lost', async () => {
  const { ctx, failures } = testContext(files, SMALL)
  const classes = classesOf(files, ctx.params)
  await simulate(
    'fifo',
    async (loop) => {
      const callSoon = loop.callSoon.bind(loop)
      let calls = 0
      loop.callSoon = ((callback: () => void, argument: undefined, options?: SpawnOptions) =>
        callSoon(calls++ === 0 ? () => {} : callback, argument, options)) as typeof loop.callSoon
      await program(loop, ctx, () => ({}))
    },
    { classes },
  )
  expect(failures.join('\n')).toMatch(/Of \d+ sensitive arrivals \d+ were served/)
})

describe('files (real files)', () => {
  const root = mkdtempSync(join(tmpdir(), 'loopdyno-test-'))
  const { TMPDIR } = process.env
  process.env.TMPDIR = root
  afterAll(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(root, { recursive: true })
  })

  const small = { files: 8, quietMs: 1, parseUs: 10 }

  test('are read as they were written, and gone at the end', async () => {
    const { ctx, failures, measured } = testContext(files, small)
    const left = await runReal(files, ctx.params, (loop) => program(loop, ctx, () => ({})))
    expect([failures, left, readdirSync(root)]).toEqual([[], 0, []])
    expect(measured.operations).toBe(40)
  })

  test('are gone also where the disk fails', async () => {
    const { ctx } = testContext(files, small)
    let there: string[] = []
    const broken = disk((loop) => ({
      readFile: () => {
        there = readdirSync(root)
        return failed(loop, 'EIO')
      },
    }))
    const failing = runReal(files, ctx.params, (loop) => program(loop, ctx, broken))
    const { errors } = (await errorOf(failing)) as unknown as AggregateError
    expect(errors[0].message).toBe('EIO: it failed')
    expect(there).toHaveLength(1)
    expect(readdirSync(root)).toEqual([])
  })

  test('are removed by the next run where the last one was killed, but nobody else is robbed', async () => {
    const { ctx } = testContext(files, small)
    let own = ''
    const spying: Change = () => ({
      openFolder: async (loop) => {
        const folder = await openFolder(loop)
        own = basename(folder.path)
        return folder
      },
    })
    const run = () => runReal(files, ctx.params, (loop) => program(loop, ctx, spying))
    await run()
    const [namespace, pid] = own.match(/\d+/g)!
    expect(pid).toBe(`${process.pid}`)
    const dead = `loopdyno-files-${namespace}-${2 ** 22 + 1}-abc` // above the largest number of a process
    const alive = `loopdyno-files-${namespace}-${process.ppid}-abc`
    const elsewhere = `loopdyno-files-1-${2 ** 22 + 1}-abc`
    for (const name of [dead, alive, elsewhere]) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, '0.txt'), 'left')
    }
    await run()
    expect(readdirSync(root).sort()).toEqual([alive, elsewhere].sort())
  })
})
