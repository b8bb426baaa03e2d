/**
 * Collects raw pairs of rounds, both sides the same code or the new one slowed down by a real busy-wait, beside as many
 * CPU hogs as asked for: `node --import jiti/register test/verdict/study/collect.ts FILE [SET...]`. Needs a build. Sets
 * that the file has already are left alone, so that it can go on where it was stopped. `resample.ts` judges them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Arm } from '../../../harness/measure/arm.ts'
import type { Sustain } from '../../../harness/measure/sustain.ts'
import type { RoundRecord } from '../../../harness/records.ts'
import { roundMetrics } from '../../../harness/verdict/roundmetrics.ts'
import { CHECKED, COST } from './figures.ts'

/** One kind of pairs. */
interface Wanted {
  readonly name: string
  readonly scenario: string
  readonly settings: string
  readonly metrics: readonly string[]
  readonly pairing: 'together' | 'apart'
  readonly hogs: number
  /** By which share the new side is slowed down. */
  readonly inject: number
  readonly pairs: number
}

/** Bare loops: no sleeps, no declared work; all processor time is the loop's own. */
const BUSY = 'scale=0.0001,workUs=0,items=1000'
const MANY = 'tasks=20000,minMs=0,maxMs=20'
const POLICY = 'fifo'

function beside(hogs: number, wanted: Omit<Wanted, 'hogs' | 'inject' | 'pairing'>): Wanted {
  const place = hogs === 0 ? 'quiet' : `${hogs} hogs`
  return { inject: 0, pairing: 'together', ...wanted, hogs, name: `${wanted.name}, ${place}` }
}

const SAME: readonly Wanted[] = [0, 2].flatMap((hogs) => [
  beside(hogs, {
    name: 'same pipeline, busy',
    scenario: 'pipeline',
    settings: BUSY,
    metrics: COST,
    pairs: 100,
  }),
  beside(hogs, {
    name: 'same pipeline, as checked',
    scenario: 'pipeline',
    settings: CHECKED.pipeline!,
    metrics: COST,
    pairs: 60,
  }),
  beside(hogs, {
    name: 'same user-interface, as checked',
    scenario: 'user-interface',
    settings: CHECKED['user-interface']!,
    metrics: COST,
    pairs: 60,
  }),
  beside(hogs, { name: 'same files', scenario: 'files', settings: '', metrics: COST, pairs: 60 }),
  beside(hogs, { name: 'same gather', scenario: 'gather', settings: MANY, metrics: COST, pairs: 60 }),
  beside(hogs, {
    name: 'same http-server, as checked',
    scenario: 'http-server',
    settings: CHECKED['http-server']!,
    metrics: COST,
    pairs: 40,
  }),
  beside(hogs, {
    name: 'same http-server',
    scenario: 'http-server',
    settings: 'load=0.4',
    metrics: COST,
    pairs: 40,
  }),
  beside(hogs, {
    name: 'same connections',
    scenario: 'connections',
    settings: 'sizes=1000,runs=2',
    metrics: ['memory.heapPerConnection'],
    pairs: 100,
  }),
  {
    ...beside(hogs, {
      name: 'same wake-up',
      scenario: 'thread-safe',
      settings: 'submissions=5,hanging=0,timeoutMs=50',
      metrics: ['wakeUp.idle.p50'],
      pairs: 100,
    }),
    pairing: 'apart',
  },
])

/** Cost on a service that works; throughput where nothing but the loop bounds it: a service serves what is asked of it. */
const SLOWED: readonly Wanted[] = [
  // A service that waits now and then makes up for a part of what it is slowed down by, having more to do at once:
  // a request is 3.8 and 5.9 % dearer.
  slowed(0.065, 'http-server', CHECKED['http-server']!),
  slowed(0.085, 'http-server', CHECKED['http-server']!),
  slowed(0.1, 'http-server', CHECKED['http-server']!),
  slowed(0.2, 'pipeline', BUSY),
  // Beside hogs a fifth more processor time is a tenth of the throughput: this is what takes a fifth of it.
  slowed(0.42, 'pipeline', BUSY),
]

function slowed(inject: number, scenario: string, settings: string): Wanted {
  const name = `slowed by ${inject * 100} %`
  return { ...beside(2, { name, scenario, settings, metrics: COST, pairs: 100 }), inject }
}

const [file, ...names] = process.argv.slice(2)
if (file === undefined) throw new Error('Give the file to write')
const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { sets: [] }
const dist = new URL('../../../dist/harness/', import.meta.url).href
const from = (path: string) => import(new URL(path, process.env.DIST ?? dist).href)
const { runDuel } = await from('measure/duel.js')
const { planCells } = await from('measure/plan.js')
const { loadPlugin } = await from('catalog.js')
const { preparePolicy } = await from('policy-parts.js')
const { worldModel } = await from('world/model.js')
const { readEnvironment } = await from('environment.js')

for (const wanted of [...SAME, ...SLOWED]) {
  if (names.length > 0 && !names.some((name) => wanted.name.includes(name))) continue
  if (known.sets.some((set: Wanted) => set.name === wanted.name)) continue
  const started = performance.now()
  const metrics = await collect(wanted)
  const { name, scenario, settings, hogs, inject, pairing } = wanted
  const sustain = sustainOf(pairing)
  known.sets.push({ name, scenario, settings, policy: POLICY, hogs, inject, pairing, ...sustain, metrics })
  write()
  console.log(`${name}: ${wanted.pairs} pairs in ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

/** One set a line. */
function write(): void {
  const sets = known.sets.map((set: unknown) => `    ${JSON.stringify(set)}`).join(',\n')
  const head = `  "made": ${JSON.stringify(new Date().toISOString())},\n  "environment": ${JSON.stringify(readEnvironment())}`
  writeFileSync(file!, `{\n${head},\n  "sets": [\n${sets}\n  ]\n}\n`)
}

type Pairs = Record<string, { better: string; pairs: [number, number][] }>

async function collect(wanted: Wanted): Promise<Pairs> {
  const hogs = Array.from({ length: wanted.hogs }, startHog)
  try {
    return await measure(wanted)
  } finally {
    for (const hog of hogs) hog.kill('SIGKILL')
  }
}

function startHog(): ChildProcess {
  return spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
}

async function measure({ scenario, settings, metrics, pairing, inject, pairs }: Wanted): Promise<Pairs> {
  const [planned] = planCells({
    policies: [await preparePolicy(POLICY)],
    scenarios: [{ text: scenario, scenario: await loadPlugin('scenario', scenario) }],
    selectors: ['epoll'],
    times: ['real'],
    settings: settings === '' ? [] : settings.split(','),
  })
  const side = (arm: Arm) => ({ ...planned, sustain: sustainOf(pairing), arm })
  const found: Pairs = Object.fromEntries(metrics.map((name) => [name, { better: '', pairs: [] }]))
  const halves = new Map<number, RoundRecord>()
  await runDuel({
    pairs: [
      { old: side({ name: 'old' }), new: side({ name: 'new', ...(inject > 0 ? { slowdown: inject } : {}) }) },
    ],
    rounds: pairs,
    seed: 1,
    timeLimitMs: 60_000,
    world: worldModel.parse({}),
    isApart: () => pairing === 'apart',
    isStopped: () => false,
    onProgress: () => {},
    onRecord(record: RoundRecord) {
      if (record.status !== 'ok') throw new Error(record.reason)
      const other = halves.get(record.round)
      halves.set(record.round, record)
      if (other === undefined) return
      const [old, now] = record.arm === 'new' ? [other, record] : [record, other]
      for (const name of metrics) {
        const [before, after] = [roundMetrics(old)[name], roundMetrics(now)[name]]
        if (before === undefined || after === undefined) throw new Error(`${scenario} has no ${name}`)
        found[name]!.better = after.better
        found[name]!.pairs.push([before.value, after.value].map(short) as [number, number])
      }
    },
  })
  return found
}

/** Latency is measured alone, one side after the other, and needs less than a check gives it. */
function sustainOf(pairing: Wanted['pairing']): Sustain {
  return pairing === 'apart' ? { warmupMs: 250, windowMs: 600 } : { warmupMs: 800, windowMs: 1000 }
}

function short(value: number): number {
  return Number(value.toPrecision(6))
}
