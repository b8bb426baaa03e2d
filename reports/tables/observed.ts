/** Tables that observers added to the record, for example the time per callback of `timing`. */
import type { ObserverTable } from '../../harness/contracts.ts'
import { formatValue, MISSING } from '../../harness/format.ts'
import type { Group } from '../../harness/verdict/groups.ts'

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

/** Of each policy the tables of its first round that went well. */
export function observedTables(group: Group): ObservedTable[] {
  return group.members.flatMap(({ policy, rounds }) => {
    const round = rounds.find((one) => one.status === 'ok')
    return round?.tables.map((table) => ({ policy, round: round.round + 1, ...formatted(table) })) ?? []
  })
}

function formatted({ title, columns, rows }: ObserverTable) {
  const shown = rows.slice(0, ROWS_MAX)
  const cell = (value: string | number | undefined, index: number) => {
    if (typeof value !== 'number') return value ?? MISSING
    return formatValue(value, columns[index]?.unit ?? 'ratio')
  }
  return {
    title,
    columns: columns.map(({ name }, index) => ({
      name,
      numeric: shown.every((row) => typeof row[index] === 'number'),
    })),
    rows: shown.map((row) => columns.map((_, index) => cell(row[index], index))),
    omitted: rows.length - shown.length,
  }
}
