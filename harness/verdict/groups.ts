/** The cells that may be compared with one another: they differ in nothing but the policy. */
import { type Cell, cellKey, type RoundRecord } from '../records.ts'
import type { Report } from './reporter.ts'
import { roundsByCell, type SummaryCell } from './summary.ts'

/** One scenario under one kind of time, one selector and one set of parameters. */
export interface Group extends Omit<Cell, 'policy'> {
  /** In the order of `header.policies`. */
  readonly members: readonly Member[]
}

/** One policy's cell in a group. */
export interface Member {
  readonly policy: string
  /** Its place in `header.policies`: gives its colour, everywhere. */
  readonly policyIndex: number
  readonly cell: SummaryCell
  /** Its rounds as recorded, in round order, ok or not. */
  readonly rounds: readonly RoundRecord[]
}

/** All groups, in the order of the plan. */
export function groupsOf(report: Report): Group[] {
  const rounds = roundsByCell(report.records.rounds)
  const byKey = new Map<string, SummaryCell[]>()
  for (const cell of report.summary.cells) {
    const key = cellKey({ ...cell, policy: '' })
    byKey.set(key, [...(byKey.get(key) ?? []), cell])
  }
  const { policies } = report.records.header
  return [...byKey.values()].map((cells) => groupOf(cells, policies, rounds))
}

function groupOf(
  cells: readonly SummaryCell[],
  policies: readonly string[],
  rounds: ReadonlyMap<string, RoundRecord[]>,
): Group {
  const { scenario, time, selector, params } = cells[0]!
  const members = cells.map((cell) => ({
    policy: cell.policy,
    policyIndex: placeOf(cell.policy, policies),
    cell,
    rounds: rounds.get(cellKey(cell)) ?? [],
  }))
  return { scenario, time, selector, params, members: members.sort((a, b) => a.policyIndex - b.policyIndex) }
}

/** A policy that the header does not name comes last. */
function placeOf(policy: string, policies: readonly string[]): number {
  const index = policies.indexOf(policy)
  return index < 0 ? policies.length : index
}
