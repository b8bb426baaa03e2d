/**
 * How near virtual time comes to real time: the same scenario, parameters and policy run in both, figure by figure.
 * The ratio is told as it is: nothing here decides whether it is good enough.
 */
import type { Unit } from '../contracts.ts'
import type { RunHeader } from '../records.ts'
import { type Group, groupsOf, type Member } from './groups.ts'
import type { Report } from './reporter.ts'
import type { SummaryMetric } from './summary.ts'

/** One scenario with one set of parameters, in both kinds of time. */
export interface Fidelity extends Pick<Group, 'scenario' | 'params'> {
  /** What the real cells waited with: the first selector that was asked for. */
  readonly selector: string
  /** In the order of `header.policies`. */
  readonly pairs: readonly FidelityPair[]
}

/** One policy's two cells. */
export interface FidelityPair {
  readonly policy: string
  readonly policyIndex: number
  /** Why there is nothing to compare. */
  readonly trouble?: string
  readonly figures: readonly FidelityFigure[]
  /** What the virtual run took over from the real one, by name without `calibration.`. */
  readonly calibration: Readonly<Record<string, SummaryMetric>>
}

export interface FidelityFigure {
  /** `latency.interactive`, or `throughput`. */
  readonly quantity: string
  /** Empty where the quantity is one figure. */
  readonly statistic: Statistic | ''
  readonly unit: Unit
  /** Medians over the rounds, with the smallest and the largest. */
  readonly real: SummaryMetric
  readonly virtual: SummaryMetric
  /** Virtual by real; absent where the real one is 0. */
  readonly ratio?: number
  /** Whether the virtual median lies among the real rounds; absent where there was one, which has no range. */
  readonly within?: boolean
}

type Statistic = (typeof STATISTICS)[number]

const STATISTICS = ['mean', 'p50', 'p99'] as const
/** Scheduling detail of both clocks, not what a program's users see. */
const DETAIL = new Set(['wait', 'run', 'overhead'])
const CALIBRATION = 'calibration.'

/** What a run with `--fidelity` came to; nothing of any other run, in which virtual time is not calibrated. */
export function fidelityOf(report: Report): Fidelity[] {
  const header: RunHeader & { readonly fidelity?: boolean | undefined } = report.records.header
  if (header.fidelity !== true) return []
  const groups = groupsOf(report)
  return groups
    .filter((group) => group.time === 'virtual')
    .flatMap((virtual) => {
      // Groups of several selectors stand in the order asked for.
      const real = groups.find((group) => group.time === 'real' && isSameLoad(group, virtual))
      return real === undefined ? [] : [compare(real, virtual)]
    })
}

/** The least and the largest ratio of one statistic (`throughput` is one of its own) over all quantities. */
export function ratioRange(
  { figures }: FidelityPair,
  statistic: string,
): { readonly low: number; readonly high: number } | undefined {
  const ratios = figures
    .filter((figure) => (figure.statistic || figure.quantity) === statistic)
    .flatMap(({ ratio }) => ratio ?? [])
  return ratios.length === 0 ? undefined : { low: Math.min(...ratios), high: Math.max(...ratios) }
}

function isSameLoad(a: Group, b: Group): boolean {
  return a.scenario === b.scenario && JSON.stringify(a.params) === JSON.stringify(b.params)
}

function compare(real: Group, virtual: Group): Fidelity {
  const { scenario, params, selector } = real
  const pairs = virtual.members.flatMap((member) => {
    const counterpart = real.members.find(({ cell }) => cell.policy === member.cell.policy)
    return counterpart === undefined ? [] : [pairOf(counterpart, member)]
  })
  return { scenario, params, selector, pairs }
}

function pairOf(real: Member, virtual: Member): FidelityPair {
  const { policy, policyIndex } = real
  const trouble = troubleOf(real) ?? troubleOf(virtual)
  const figures = trouble === undefined ? figuresOf(real, virtual) : []
  const common = { policy, policyIndex, figures, calibration: calibrationOf(virtual) }
  return trouble === undefined ? common : { ...common, trouble }
}

function troubleOf({ cell }: Member): string | undefined {
  if (cell.status === 'ok') return undefined
  return `${cell.time} time: ${cell.reason === undefined ? cell.status : `${cell.status}: ${cell.reason}`}`
}

function figuresOf(real: Member, virtual: Member): FidelityFigure[] {
  const names = Object.keys(virtual.cell.metrics)
  const quantities = names
    .flatMap((name) => /^(.+)\.p50$/.exec(name)?.[1] ?? [])
    .filter((quantity) => !DETAIL.has(quantity.split('.')[0]!))
  const figure = (quantity: string, statistic: Statistic | '') => {
    const name = statistic === '' ? quantity : `${quantity}.${statistic}`
    return figureOf(quantity, statistic, real.cell.metrics[name], virtual.cell.metrics[name])
  }
  const durations = quantities.sort().flatMap((each) => STATISTICS.map((one) => figure(each, one)))
  return [...durations, figure('throughput', '')].filter((each) => each !== undefined)
}

function figureOf(
  quantity: string,
  statistic: Statistic | '',
  real: SummaryMetric | undefined,
  virtual: SummaryMetric | undefined,
): FidelityFigure | undefined {
  if (real === undefined || virtual === undefined) return undefined
  const { low, high } = real
  return {
    quantity,
    statistic,
    unit: real.unit,
    real,
    virtual,
    ...(real.value > 0 ? { ratio: virtual.value / real.value } : {}),
    ...(low === undefined || high === undefined
      ? {}
      : { within: low <= virtual.value && virtual.value <= high }),
  }
}

function calibrationOf({ cell }: Member): Record<string, SummaryMetric> {
  const found = Object.entries(cell.metrics).filter(([name]) => name.startsWith(CALIBRATION))
  return Object.fromEntries(found.map(([name, metric]) => [name.slice(CALIBRATION.length), metric]))
}
