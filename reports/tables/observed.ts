/** Tables in the record: what a scenario says of its run, and what observers saw (the time per callback of `timing`). */
import type { ObserverTable } from '../../harness/contracts.ts'
import { formatValue, MISSING } from '../../harness/format.ts'
import type { RoundRecord } from '../../harness/records.ts'
import type { Group } from '../../harness/verdict/groups.ts'
import { roundMetrics } from '../../harness/verdict/roundmetrics.ts'

export interface ObservedTable {
  readonly title: string
  readonly policy: string
  /** Rounds differ; one is shown, and this says which. Counted from 1. */
  readonly round: number
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[]
  readonly rows: readonly (readonly string[])[]
  /** Rows that are left out here and stand in `records.jsonl`. */
  readonly omitted: number
}

const ROWS_MAX = 20
const STATISTICS = ['mean', 'p50', 'p90', 'p99', 'p999', 'max']
const POLICY = { name: 'policy', numeric: false }

/** Of each policy the tables of its first round that went well. */
export function observedTables(group: Group): ObservedTable[] {
  return group.members.flatMap(({ policy, rounds }) => {
    const round = rounds.find((one) => one.status === 'ok')
    if (round === undefined) return []
    const tables = [...sojournTable(round), ...round.tables]
    return tables.map((table) => ({ policy, round: round.round + 1, ...formatted(table) }))
  })
}

/** Every percentile of the time from arrival to done, by class: more than a comparison has room for. */
function sojournTable(round: RoundRecord): ObserverTable[] {
  const metrics = roundMetrics(round)
  const classes = Object.keys(round.histograms).filter((name) => /^sojourn\./.test(name))
  if (classes.length === 0) return []
  const names = classes.length === 1 ? classes : ['sojourn', ...classes]
  return [
    {
      title: 'Sojourn, arrival to done',
      columns: [{ name: 'class' }, ...STATISTICS.map((name) => ({ name, unit: 'ns' }) as const)],
      rows: names.map((name) => [
        name.slice('sojourn.'.length) || 'all',
        ...STATISTICS.map((statistic) => metrics[`${name}.${statistic}`]?.value ?? 0),
      ]),
    },
  ]
}

/**
 * The tables that every policy has which finished, the policies' rows one below the other: these can be compared. Those
 * of one policy among several are an observer's, and too long for a terminal.
 */
export function sharedTables(group: Group): Omit<ObservedTable, 'policy'>[] {
  const sound = group.members.filter(({ cell }) => cell.status === 'ok')
  const tables = observedTables(group)
  const titles = [...new Set(tables.map(({ title }) => title))]
  return titles.flatMap((title) => {
    const own = tables.filter(
      (table) => table.title === title && sound.some((m) => m.policy === table.policy),
    )
    const [first] = own
    if (first === undefined || own.length < sound.length) return []
    return [sound.length === 1 ? first : below(own, first)]
  })
}

function below(tables: readonly ObservedTable[], first: ObservedTable): Omit<ObservedTable, 'policy'> {
  return {
    ...first,
    columns: [POLICY, ...first.columns],
    rows: tables.flatMap(({ policy, rows }) => rows.map((row, index) => [index === 0 ? policy : '', ...row])),
    omitted: tables.reduce((sum, { omitted }) => sum + omitted, 0),
  }
}

function formatted({ title, columns, rows }: ObserverTable) {
  const shown = rows.slice(0, ROWS_MAX)
  const cell = (value: string | number | undefined, index: number) => {
    if (typeof value !== 'number') return value ?? MISSING
    return formatValue(value, columns[index]?.unit ?? 'ratio')
  }
  return {
    title,
    columns: columns.map(({ name, unit }, index) => ({
      name,
      numeric: unit !== undefined || shown.every((row) => typeof row[index] === 'number'),
    })),
    rows: shown.map((row) => columns.map((_, index) => cell(row[index], index))),
    omitted: rows.length - shown.length,
  }
}
