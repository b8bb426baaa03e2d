/** The cells that may be compared with one another: they differ in nothing but what the policy decides. */
import { type Cell, cellKey, type RoundRecord } from '../records.ts'
import type { Report } from './reporter.ts'
import { roundsByCell, type SummaryCell } from './summary.ts'

/** One scenario under one kind of time, one selector and one set of parameters. */
export interface Group extends Omit<Cell, 'policy'> {
  /** What the world was like, in virtual time and where not by default. */
  readonly world?: string
  /** In the order of `header.policies`. */
  readonly members: readonly Member[]
}

/** One policy's cell in a group. */
export interface Member {
  /** The label: names the selector where the policy chose another than the group's. */
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
  const { policies, worldText } = report.records.header
  const byWorkload = gather(report.summary.cells, (cell) => cellKey({ ...cell, policy: '', selector: '' }))
  return byWorkload.flatMap((cells) => {
    const byPolicy = gather(cells, (cell) => cell.policy)
    return selectorsOf(byPolicy, report.records.header.selectors ?? []).map((selector) => {
      const chosen = byPolicy.flatMap((own) => cellUnder(own, selector))
      const members = chosen.map((cell) => memberOf(cell, selector, policies, rounds))
      return {
        ...workloadOf(cells[0]!),
        ...(cells[0]!.time === 'virtual' && worldText !== undefined ? { world: worldText } : {}),
        selector,
        members: members.sort((a, b) => a.policyIndex - b.policyIndex),
      }
    })
  })
}

function gather(cells: readonly SummaryCell[], keyOf: (cell: SummaryCell) => string): SummaryCell[][] {
  const groups = new Map<string, SummaryCell[]>()
  for (const cell of cells) groups.set(keyOf(cell), [...(groups.get(keyOf(cell)) ?? []), cell])
  return [...groups.values()]
}

/** Those that were asked for; where no cell has one of these, those of the policy that has most. */
function selectorsOf(byPolicy: readonly SummaryCell[][], asked: readonly string[]): string[] {
  const used = asked.filter((selector) =>
    byPolicy.some((own) => own.some((cell) => cell.selector === selector)),
  )
  if (used.length > 0) return used
  const widest = byPolicy.reduce((best, own) => (own.length > best.length ? own : best))
  return widest.map((cell) => cell.selector)
}

/** A policy that names its own selector (one cell only) is compared with the others under every selector. */
function cellUnder(own: readonly SummaryCell[], selector: string): SummaryCell[] {
  const cell = own.find((each) => each.selector === selector) ?? (own.length === 1 ? own[0] : undefined)
  return cell === undefined ? [] : [cell]
}

function workloadOf({ scenario, time, params }: SummaryCell): Pick<Group, 'scenario' | 'time' | 'params'> {
  return { scenario, time, params }
}

function memberOf(
  cell: SummaryCell,
  selector: string,
  policies: readonly string[],
  rounds: ReadonlyMap<string, RoundRecord[]>,
): Member {
  return {
    policy: cell.selector === selector ? cell.policy : `${cell.policy} (${cell.selector})`,
    policyIndex: placeOf(cell.policy, policies),
    cell,
    rounds: rounds.get(cellKey(cell)) ?? [],
  }
}

/** A policy that the header does not name comes last. */
function placeOf(policy: string, policies: readonly string[]): number {
  const index = policies.indexOf(policy)
  return index < 0 ? policies.length : index
}
