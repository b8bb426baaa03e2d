/** Real traces, and what independent simulators computed on them: in ../shared, which a clone need not have. */
import { existsSync, readFileSync } from 'node:fs'
import { RoundMeter } from '../../harness/measure/meter.ts'
import { readTrace } from '../../harness/replay/trace.ts'
import type { TraceRow } from '../../harness/replay/trace-rows.ts'
import { serveJobs } from '../../scenarios/queueing/jobs.ts'
import { simulate } from '../world/simulate.ts'

const SHARED = new URL('../../../shared/', import.meta.url).pathname
const RESULTS = `${SHARED}oracle/trace-results.json`

export const isThere = existsSync(RESULTS) && existsSync(`${SHARED}traces`)

/** Times in µs. */
export interface Figures {
  readonly n: number
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface TraceOracle {
  readonly priority: Readonly<Record<string, number>>
  /** By order and then by class; `all` for all. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Figures>>>>
}

export function readOracles(): Record<string, TraceOracle> {
  return isThere ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {}
}

const rowsByTrace = new Map<string, Promise<TraceRow[]>>()

function rowsOf(trace: string): Promise<TraceRow[]> {
  let rows = rowsByTrace.get(trace)
  if (rows === undefined) {
    rows = readAll(`${SHARED}traces/${trace}.csv.gz`)
    rowsByTrace.set(trace, rows)
  }
  return rows
}

async function readAll(path: string): Promise<TraceRow[]> {
  const all: TraceRow[] = []
  for await (const rows of readTrace(path, { format: 'csv', columns: {} })) all.push(...rows)
  return all
}

/** Figures by class, `all` for all. A slice in ns; none: nothing gives way. */
export async function replayTrace(
  trace: string,
  { priority }: TraceOracle,
  policy: string,
  sliceNs = Number.POSITIVE_INFINITY,
): Promise<Record<string, Figures>> {
  const jobs = (await rowsOf(trace)).map(({ arrivalNs, className, serviceNs }) => ({
    atNs: arrivalNs,
    className,
    serviceNs,
  }))
  const classes = Object.fromEntries(
    Object.entries(priority).map(([name, number]) => [name, { priority: number }]),
  )
  const program = async (loop: Parameters<Parameters<typeof simulate>[1]>[0]) => {
    const meter = new RoundMeter(loop)
    await serveJobs(loop, meter, jobs, { sliceNs, declared: true })
    return meter.histograms
  }
  const { value: histograms } = await simulate(policy, program, { classes })
  const figures: Record<string, Figures> = {}
  for (const [quantity, histogram] of histograms) {
    const us = (ns: number) => Math.round(ns) / 1e3
    figures[quantity === 'sojourn' ? 'all' : quantity.slice('sojourn.'.length)] = {
      n: histogram.count,
      mean: us(histogram.mean),
      p50: us(histogram.percentile(50)),
      p99: us(histogram.percentile(99)),
      max: us(histogram.max),
    }
  }
  return figures
}

export interface Deviation {
  /** The class and figure that is farthest off, relative to what is expected. */
  readonly worst: string
  readonly ratio: number
  /** How far figures are off that should be 0, at most, µs. */
  readonly fromZeroUs: number
}

/** By how much the figures are off, relative to the expected ones. */
export function deviation(
  got: Readonly<Record<string, Figures>>,
  expected: Readonly<Record<string, Figures>>,
): Deviation {
  let farthest: Deviation = { worst: 'none', ratio: 0, fromZeroUs: 0 }
  for (const [className, figures] of Object.entries(expected)) {
    for (const [name, value] of Object.entries(figures)) {
      const offUs = Math.abs(got[className]![name as keyof Figures] - value)
      if (value === 0) farthest = { ...farthest, fromZeroUs: Math.max(farthest.fromZeroUs, offUs) }
      else if (offUs / value > farthest.ratio)
        farthest = { ...farthest, worst: `${className}.${name}`, ratio: offUs / value }
    }
  }
  return farthest
}
