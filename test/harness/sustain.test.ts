import { describe, expect, test } from 'vitest'
import type { MetricValue } from '../../harness/contracts.ts'
import { Histogram } from '../../harness/histogram.ts'
import type { Outcome } from '../../harness/measure/round.ts'
import { asOne, sustain } from '../../harness/measure/sustain.ts'

function outcome(metrics: Readonly<Record<string, MetricValue>> = {}, more: Partial<Outcome> = {}): Outcome {
  const nothing = { histograms: {}, findings: [], tables: [], series: [], timelines: [] }
  return { status: 'ok', ...nothing, metrics, ...more } as Outcome
}

function count(value: number, better: MetricValue['better'] = 'neither'): MetricValue {
  return { value, unit: 'count', better }
}

function ns(value: number, better: MetricValue['better'] = 'lower'): MetricValue {
  return { value, unit: 'ns', better }
}

/** A run of so many operations, each of which took so long and cost as much. */
function runOf(operations: number, seconds: number, cpuNs: number): Outcome {
  return outcome({
    operations: count(operations),
    throughput: { value: operations / seconds, unit: 'ops/s', better: 'higher' },
    'cpu.total': ns(cpuNs, 'neither'),
    'cpu.perOp': ns(cpuNs / operations),
  })
}

function durations(name: string, values: readonly number[]): Outcome {
  const histogram = Histogram.create()
  for (const value of values) histogram.record(value)
  const metrics = { [`${name}.mean`]: ns(histogram.mean), [`${name}.max`]: ns(histogram.max) }
  return outcome(metrics, { histograms: { [name]: histogram.encode() } })
}

/** Runs that take so long, one after another; the n-th measures n. */
class Runner {
  runs = 0
  #nowNs = 0
  readonly #tookMs: (run: number) => number
  failsAt = -1

  constructor(tookMs: (run: number) => number) {
    this.#tookMs = tookMs
  }

  async sustain(warmupMs: number, windowMs: number): Promise<Outcome> {
    return sustain(() => this.#run(), { warmupMs, windowMs }, { nowNs: () => this.#nowNs })
  }

  async #run(): Promise<Outcome> {
    const run = this.runs++
    this.#nowNs += this.#tookMs(run) * 1e6
    const status = run === this.failsAt ? 'failed' : 'ok'
    return outcome({ ran: count(10 ** run) }, { status })
  }
}

describe('sustained runs', () => {
  test('of the warm-up are forgotten, and those of the window count as one', async () => {
    const runner = new Runner(() => 100)
    const { metrics } = await runner.sustain(250, 300)
    expect(metrics.ran!.value).toBe(111_000) // the first three ran until 300 ms
    expect(runner.runs).toBe(6)
  })

  test('warm up once at least, however short that is', async () => {
    const { metrics } = await new Runner(() => 10).sustain(0, 25)
    expect(metrics.ran!.value).toBe(1110)
  })

  test('are not repeated where one is as long as warm-up and window', async () => {
    const runner = new Runner(() => 850)
    const { metrics } = await runner.sustain(250, 600)
    expect(metrics.ran!.value).toBe(1)
    expect(runner.runs).toBe(1)
  })

  test('count once where one fills the window', async () => {
    const runner = new Runner(() => 700)
    const { metrics } = await runner.sustain(250, 600)
    expect(metrics.ran!.value).toBe(10)
  })

  test('end with the last that began within the window', async () => {
    const runner = new Runner((run) => (run === 0 ? 250 : 599))
    const { metrics } = await runner.sustain(250, 600)
    expect(metrics.ran!.value).toBe(110)
  })

  test.each([
    ['warm-up', 0],
    ['window', 4],
  ])('end at once with one that fails, in the %s', async (_, failsAt) => {
    const runner = new Runner(() => 100)
    runner.failsAt = failsAt
    const { status, metrics } = await runner.sustain(250, 600)
    expect(status).toBe('failed')
    expect(metrics.ran!.value).toBe(10 ** failsAt)
    expect(runner.runs).toBe(failsAt + 1)
  })

  test('are timed by the real clock unless told otherwise', async () => {
    let runs = 0
    const run = async () => outcome({ ran: count(++runs) })
    expect((await sustain(run, { warmupMs: 0, windowMs: 0 })).metrics.ran!.value).toBe(1)
  })
})

describe('several runs as one', () => {
  test('are one run unchanged where there is one', () => {
    const only = runOf(10, 1, 5e6)
    expect(asOne([only])).toBe(only)
  })

  test('add up what was done and what it cost, and the rates follow', () => {
    const { metrics } = asOne([runOf(100, 1, 4e6), runOf(300, 1, 8e6), runOf(200, 4, 6e6)])
    expect(metrics.operations!.value).toBe(600)
    expect(metrics['cpu.total']!.value).toBe(18e6)
    expect(metrics['cpu.perOp']!.value).toBe(30_000)
    expect(metrics.throughput!.value).toBeCloseTo(100, 9) // 600 in 6 s: a mean of the rates would say 150
    expect(metrics.throughput!.better).toBe('higher')
  })

  test('take the highest of peaks, and the median of whatever else', () => {
    const values = [3, 9, 4, 5]
    const { metrics } = asOne(
      values.map((value) =>
        outcome({
          'turn.max': ns(value),
          'held.most': count(value),
          'memory.peak': { value, unit: 'bytes', better: 'lower' },
          'wakeUp.idle': ns(value),
          fairness: { value, unit: 'ratio', better: 'higher' },
        }),
      ),
    )
    const shown = Object.entries(metrics).map(([name, { value }]) => [name, value])
    expect(Object.fromEntries(shown)).toEqual({
      'turn.max': 9,
      'held.most': 9,
      'memory.peak': 9,
      'wakeUp.idle': 4.5,
      fairness: 4.5,
    })
  })

  test('do not add up what there should be few of: a faster side has more runs', () => {
    const misses = (runs: number) =>
      asOne(Array.from({ length: runs }, () => outcome({ missed: count(2, 'lower') })))
    expect(misses(30).metrics.missed!.value).toBe(misses(3).metrics.missed!.value)
    const seen = asOne([outcome({ seen: count(2) }), outcome({ seen: count(3) })])
    expect(seen.metrics.seen!.value).toBe(5)
  })

  test('have a metric that only some of them have', () => {
    const { metrics } = asOne([outcome({ rare: ns(7) }), outcome(), outcome({ rare: ns(9) })])
    expect(metrics.rare!.value).toBe(8)
  })

  test('have all durations in one histogram, and their exact mean and maximum', () => {
    const [few, many] = [[1_234_567], Array.from({ length: 99 }, (_, i) => 1000 + i)]
    const { metrics, histograms } = asOne([durations('wait', few), durations('wait', many)])
    const merged = Histogram.decode(histograms.wait!)
    expect(merged.count).toBe(100)
    expect(merged.percentile(50)).toBeCloseTo(1049, -1)
    expect(metrics['wait.max']!.value).toBe(1_234_567)
    expect(metrics['wait.mean']!.value).toBeCloseTo(
      [...few, ...many].reduce((sum, each) => sum + each) / 100,
      6,
    )
  })

  test('have no mean of durations that never were', () => {
    const empty = () => outcome({}, { histograms: { wait: Histogram.create().encode() } })
    expect(asOne([empty(), empty()]).metrics).toEqual({})
  })

  test('keep what each of them found, and the tables of the last', () => {
    const found = (message: string) =>
      outcome({}, {
        findings: [{ kind: 'stalled', message }],
        tables: [{ title: message, columns: [], rows: [] }],
      } as Partial<Outcome>)
    const { findings, tables } = asOne([found('a'), found('b')])
    expect(findings.map(({ message }) => message)).toEqual(['a', 'b'])
    expect(tables.map(({ title }) => title)).toEqual(['b'])
  })
})
