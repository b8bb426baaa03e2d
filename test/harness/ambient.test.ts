import { execFileSync } from 'node:child_process'
import crypto, { createHash, getRandomValues, randomBytes, randomInt } from 'node:crypto'
import dns from 'node:dns'
import fs, { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { get } from 'node:http'
import net from 'node:net'
import os from 'node:os'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { builtinNames, loadPlugin } from '../../harness/catalog.ts'
import type { Finding } from '../../harness/contracts.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { AmbientWatch } from '../../harness/measure/ambient.ts'
import { runVirtual } from '../../harness/measure/round.ts'
import { sameOutcome } from '../../harness/measure/verify-figures.ts'
import { preparePolicy } from '../../harness/policy-parts.ts'
import { quickVirtualScenarios } from '../scenarios/quick-sizes.ts'
import { simulate } from '../world/simulate.ts'

const HERE = fileURLToPath(import.meta.url)
const NAMES = { policy: HERE, scenario: 'gather' }

let watch: AmbientWatch | undefined

afterEach(() => {
  watch?.release()
  watch = undefined
})

function watchWorld(): AmbientWatch {
  watch = new AmbientWatch(NAMES)
  watch.worldStarts()
  return watch
}

/** What this file did: vitest, which is no part of ours either, has a life of its own. */
function ours(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ message }) => message.includes(basename(HERE)))
}

/** What is called, and the name it is found under. */
const CALLS: readonly (readonly [name: string, call: () => unknown])[] = [
  ['Date.now', () => Date.now()],
  ['new Date()', () => new Date()],
  ['Date()', () => Date()],
  ['new Date()', () => new (Object.getPrototypeOf(new Date(0)).constructor)()],
  ['performance.now', () => performance.now()],
  ['performance.timeOrigin', () => performance.timeOrigin],
  ['process.hrtime', () => process.hrtime()],
  ['process.hrtime.bigint', () => process.hrtime.bigint()],
  ['process.uptime', () => process.uptime()],
  ['Math.random', () => Math.random()],
  ['Math.random', () => [1].map(Math.random)],
  ['crypto.randomBytes', () => randomBytes(4)],
  ['crypto.randomUUID', () => crypto.randomUUID()],
  ['crypto.randomInt', () => randomInt(5)],
  ['crypto.getRandomValues', () => getRandomValues(new Uint8Array(4))],
  ['crypto.getRandomValues', () => globalThis.crypto.getRandomValues(new Uint8Array(4))],
  ['crypto.randomUUID', () => globalThis.crypto.randomUUID()],
  ['setTimeout', () => clearTimeout(setTimeout(() => {}, 1))],
  ['setInterval', () => clearInterval(setInterval(() => {}, 1))],
  ['setImmediate', () => clearImmediate(setImmediate(() => {}))],
  ['timers/promises.setTimeout', () => sleep(0)],
  ['timers/promises.setTimeout', () => promisify(setTimeout)(0)],
  ['fs.readFileSync', () => readFileSync(HERE)],
  ['fs.statSync', () => fs.statSync(HERE)],
  ['fs.readFile', () => fs.readFile(HERE, () => {})],
  ['fs.promises.readFile', () => readFile(HERE)],
  [
    'net.Server.listen',
    () =>
      net
        .createServer()
        .on('error', () => {})
        .listen(-0)
        .close(),
  ],
  ['net.Socket.connect', () => get('http://127.0.0.1:9/').on('error', () => {})],
  ['dns.lookup', () => dns.lookup('127.0.0.1', () => {})],
  ['fetch', () => fetch('data:,').catch(() => {})],
  ['child_process.execFileSync', () => execFileSync(process.execPath, ['--version'])],
  ['new worker_threads.Worker', () => void new Worker('', { eval: true }).terminate()],
  ['process.memoryUsage', () => process.memoryUsage()],
  ['process.memoryUsage.rss', () => process.memoryUsage.rss()],
  ['process.cpuUsage', () => process.cpuUsage()],
  ['os.loadavg', () => os.loadavg()],
  ['WeakRef.deref', () => new WeakRef(HERE.split('')).deref()],
]

describe('a watched process', () => {
  test.each(CALLS)('names %s and its place', async (name, call) => {
    const world = watchWorld()
    await call()
    world.release()
    const findings = ours(world.findings())
    expect(findings.map(({ kind, fatal }) => [kind, fatal])).toEqual([['nondeterministic', true]])
    expect(findings[0]!.message).toMatch(/^policy code /)
    expect(findings[0]!.message).toContain(`: ${name} at test/harness/ambient.test.ts:`)
    expect(findings[0]!.message).toMatch(/; (take|draw|use|make) /)
  })

  test('gives what the functions give', () => {
    const before = Date.now()
    watchWorld()
    expect(Date.now()).toBeGreaterThanOrEqual(before)
    const date: unknown = new Date()
    expect(date).toBeInstanceOf(Date)
    expect(new Date(5).getTime()).toBe(5)
    expect(class extends Date {}.UTC(1970)).toBe(0)
    expect(readFileSync(HERE, 'utf8')).toContain('gives what the functions give')
    expect(randomBytes(7)).toHaveLength(7)
    expect(Math.random.name).toBe('random')
  })

  test('lets pass what is the same everywhere', () => {
    const world = watchWorld()
    new Date(0).toISOString()
    Date.parse('2020-01-01')
    Math.sin(1)
    createHash('sha256').update('a').digest()
    queueMicrotask(() => {})
    expect(ours(world.findings())).toEqual([])
  })

  test('lets the harness read the time', () => {
    const world = watchWorld()
    new RealClock().nowNs()
    expect(ours(world.findings())).toEqual([])
  })

  test.each<[string, string, (loop: Loop) => Promise<unknown>]>([
    ['callSoon', 'Math.random', async (loop) => loop.callSoon(Math.random)],
    ['callLater', 'Date.now', async (loop) => loop.callLater(1e6, Date.now)],
    ['then', 'Date.now', async (loop) => void loop.spawn(async () => {}).then(Date.now)],
    ['runInThread', 'fs.readFileSync', (loop) => loop.runInThread(readFileSync, HERE) as never],
  ])('names what is handed to the loop to be called: %s', async (_, name, program) => {
    const world = watchWorld()
    await simulate('fifo', async (loop) => {
      await program(loop)
      await loop.sleep(5e6)
    })
    world.release()
    const messages = world.findings().map(({ message }) => message)
    expect(messages).toContainEqual(expect.stringContaining(`: ${name} as a callback of the loop; `))
  })

  test('counts the calls and the places of each function', () => {
    const world = watchWorld()
    for (let i = 0; i < 5; i++) Date.now()
    Date.now()
    const [finding, ...others] = ours(world.findings())
    expect([finding!.times, others]).toEqual([6, []])
    expect(finding!.message).toContain(', and in 1 more place;')
  })

  test('stops looking at the stack of what is called all the time', () => {
    const world = watchWorld()
    for (let i = 0; i < 20_000; i++) Math.random()
    expect(ours(world.findings())[0]!.times).toBeLessThanOrEqual(10_000)
  })

  test('forgets what an earlier world did, and remembers what loading did', () => {
    watch = new AmbientWatch(NAMES)
    Date.now()
    readFileSync(HERE) // files may be read before the world starts
    watch.worldStarts()
    Math.random()
    const first = ours(watch.findings()).map(({ message }) => /: (\S+) at/.exec(message)![1])
    watch.worldStarts()
    const second = ours(watch.findings()).map(({ message }) => /: (\S+) at/.exec(message)![1])
    expect([first, second]).toEqual([['Date.now', 'Math.random'], ['Date.now']])
  })

  test('is as it was when it is watched no more', () => {
    const before = [Date, Date.now, Math.random, fs.readFileSync, readFileSync, setTimeout, randomBytes]
    watchWorld().release()
    expect([Date, Date.now, Math.random, fs.readFileSync, readFileSync, setTimeout, randomBytes]).toEqual(
      before,
    )
    expect(Date.prototype.constructor).toBe(Date)
  })
})

const quick = await quickVirtualScenarios()

describe('the built-in plug-ins ask nobody and repeat, in one process too', { timeout: 60_000 }, () => {
  const policies = builtinNames('policy').filter((name) => name !== 'node')

  test.each(quick.map(({ name, sizes }) => [name, sizes] as const))(
    '%s under every policy',
    async (name, sizes) => {
      const scenario = await loadPlugin('scenario', name)
      const plain = await preparePolicy('fifo')
      const params = scenario.params.parse(sizes)
      for (const label of policies) {
        watch = new AmbientWatch({ policy: label, scenario: name })
        const policy = await preparePolicy(label)
        const input = { scenario, policy, plain, params, selector: 'simulated', seed: 7 } as const
        watch.worldStarts()
        const [first, second] = [await runVirtual(input), await runVirtual(input)]
        const asked = watch.findings().filter(({ message }) => /\b(policies|scenarios)\//.test(message))
        watch.release()
        expect([label, asked, first.digest, sameOutcome(first, second)]).toEqual([
          label,
          [],
          expect.stringMatching(/^[0-9a-f]{64}$/),
          true,
        ])
      }
    },
  )
})
