/** What a calibration is told as on a terminal. */
import pc from 'picocolors'
import { formatDuration, formatShare, formatValue, MISSING } from '../format.ts'
import type { Cell } from '../records.ts'
import type { CalibratedCell, CalibratedMetric, Calibration, Plan } from '../verdict/calibrated.ts'
import type { Counted } from '../verdict/resampling.ts'

type Colors = ReturnType<typeof pc.createColors>

const GAP = '  '

export function drawCalibration(calibration: Calibration, color: boolean): string[] {
  const colors = pc.createColors(color)
  const { cells, controls, notes } = calibration
  return [
    colors.bold(headline(calibration)),
    ...drawTable(calibration, colors),
    ...paragraph(virtualText(cells)),
    ...[...cells, ...controls].flatMap(({ cell, trouble }) =>
      trouble === undefined ? [] : [colors.red(`✗ ${nameOf(cell)}: ${trouble}`)],
    ),
    ...unevenLines(calibration).map(colors.yellow),
    ...notes,
    ...paragraph(checksText(calibration)),
    ...paragraph(durationText(calibration)),
    ...paragraph(calibration.plan && planText(calibration.plan)),
  ]
}

function headline({ cells, pairs }: Calibration): string {
  const real = cells.filter(({ cell }) => cell.time === 'real').length
  const count = (number: number) => (number === 1 ? '1 cell' : `${number} cells`)
  if (real === 0) return `${count(cells.length)}, in virtual time only`
  return `${count(real)} in real time, ${pairs} pairs of rounds each, both sides the same code`
}

function paragraph(text: string | undefined): string[] {
  return text === undefined ? [] : ['', text]
}

function drawTable({ cells, controls, rounds }: Calibration, colors: Colors): string[] {
  const head = [
    'cell',
    'metric',
    'spread',
    'centre',
    `${rounds} rounds find`,
    'fails from',
    'rounds for that',
  ]
  const rowsOf = (each: readonly CalibratedCell[], suffix: string) =>
    each.flatMap(({ cell, metrics }) =>
      metrics.map((metric, i) => [i === 0 ? `${nameOf(cell)}${suffix}` : '', ...figuresOf(metric)]),
    )
  const rows = [...rowsOf(cells, ''), ...rowsOf(controls, ' (control)')]
  if (rows.length === 0) return []
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (i < 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join(GAP)
      .trimEnd()
  return ['', colors.dim(line(head)), ...rows.map(line)]
}

function figuresOf({ metric, threshold, spread, centre, detectable, rounds }: CalibratedMetric): string[] {
  const share = (value: number | undefined) => (value === undefined ? MISSING : formatShare(value))
  const needed = spread === undefined ? MISSING : rounds === undefined ? 'too many' : String(rounds)
  return [metric, share(spread), share(centre), share(detectable), share(threshold), needed]
}

function virtualText(cells: readonly CalibratedCell[]): string | undefined {
  const virtual = cells.filter(({ cell }) => cell.time === 'virtual')
  if (virtual.length === 0) return undefined
  const differing = virtual.filter(({ trouble }) => trouble !== undefined).length
  const run = virtual.length === 1 ? '1 cell was' : `${virtual.length} cells were`
  return `Virtual time has no noise: ${run} run twice, ${differing} differ`
}

/** What deserves a second look before any check is believed. */
function unevenLines({ cells, moved }: Calibration): string[] {
  const uneven = cells.flatMap(({ cell, metrics }) =>
    metrics
      .filter((metric) => metric.uneven)
      .map(
        ({ metric, centre }) =>
          `! ${nameOf(cell)}: ${metric} differs by ${formatShare(Math.abs(centre ?? 0))} between two sides of the same code`,
      ),
  )
  return moved === undefined
    ? uneven
    : [...uneven, `! ${nameOf(moved.cell)}, the control, moved in ${moved.metric} meanwhile`]
}

function checksText({ checks, rounds, cells, family, pairs }: Calibration): string {
  if (checks === undefined)
    return cells.some(({ cell }) => cell.time === 'real')
      ? 'No metric of these cells decides in real time: there is nothing that could raise a false alarm'
      : 'There is no false alarm in virtual time'
  const count = formatValue(checks.checks, 'count')
  const fail = checks.alarms.times === 1 ? 'fails' : 'fail'
  return [
    `False alarms: ${formatValue(checks.alarms.times, 'count')} of ${count} checks ${fail} (${bounded(checks.alarms)}).`,
    `Each was drawn from these pairs: ${rounds} rounds a cell, ${family} tests.`,
    `Inconclusive: ${formatShare(shareOf(checks.inconclusive))} of cells.`,
    `The control moves in ${formatShare(shareOf(checks.contaminated))} of checks.`,
    // Their own centre deviates by more than a check's does then, and counts as noise.
    ...(pairs < rounds
      ? [`So few pairs make it out worse than it is: run ${2 * rounds} with --rounds.`]
      : []),
  ].join(' ')
}

function bounded(counted: Counted): string {
  return `${formatShare(shareOf(counted))}, with 95 % confidence at most ${formatShare(counted.high)}`
}

function shareOf({ times, of }: Counted): number {
  return times / of
}

function durationText({ duration, rounds }: Calibration): string | undefined {
  if (duration === undefined) return undefined
  return `A check of ${rounds} rounds takes ${formatDuration(duration.ns)}, and up to ${formatDuration(duration.againNs)} more for each cell that looks worse.`
}

function planText(plan: Plan): string {
  const { effect, power, lowered, atThreshold } = plan
  const aim = `To find a slowdown of ${formatShare(effect)} in any one cell with a chance of ${formatShare(power)}`
  if (atThreshold.length > 0)
    return `${aim}, the threshold has to lie below it, as no check can be so sure of one that only just reaches it: lower it with ${atThreshold.map((name) => maxOf(name, effect * 0.8)).join(' ')}`
  if (plan.rounds === undefined)
    return `${aim}, no sensible number of rounds will do: ${hardestText(plan)} spreads too far`
  const flags = [`--rounds ${plan.rounds}`, ...lowered.map((name) => maxOf(name, effect))].join(' ')
  const again = `${formatDuration(plan.againNs!)} more for each cell that looks worse`
  return `${aim}, a check needs ${plan.rounds} rounds and takes ${formatDuration(plan.ns!)}, and up to ${again}: loopdyno check ${flags}. ${hardestText(plan)} needs most.`
}

function maxOf(metric: string, share: number): string {
  return `--max ${metric}=+${Number((share * 100).toPrecision(3))}%`
}

function hardestText({ decisive }: Plan): string {
  return decisive === undefined ? 'A cell' : `${decisive.metric} of ${nameOf(decisive.cell)}`
}

function nameOf({ scenario, policy, time, selector }: Cell): string {
  return `${scenario} · ${policy} · ${time === 'virtual' ? 'virtual' : selector}`
}
