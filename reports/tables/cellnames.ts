/** What the cells of a check are called: no longer than it takes to tell them apart. */
import { formatParams } from '../../harness/format.ts'
import type { Cell } from '../../harness/records.ts'
import type { CellVerdict } from '../../harness/verdict/check-report.ts'

const BETWEEN = ' · '

/** In the order of the cells: `pipeline · fifo`, with what else differs between them. */
export function cellNames(cells: readonly CellVerdict[]): string[] {
  const varying = varyingOf(cells.map(({ cell }) => cell))
  const short = cells.map((one) => shortName(one, varying))
  const taken = new Map<string, number>()
  for (const name of short) taken.set(name, (taken.get(name) ?? 0) + 1)
  return short.map((name, index) => (taken.get(name) === 1 ? name : fullName(cells[index]!)))
}

/** All that makes a cell, also where others have the same: the name does not depend on what else ran. */
export function fullName(verdict: CellVerdict): string {
  const { scenario, selector, time, params } = verdict.cell
  return joined([scenario, policyOf(verdict), selector, `${time} time`, formatParams(params)])
}

/** What differs between the cells: only that stands in a short name. */
interface Varying {
  readonly times: boolean
  /** Kinds of time under which there are several selectors. */
  readonly selectors: ReadonlySet<string>
  /** `SCENARIO PARAMETER`. */
  readonly params: ReadonlySet<string>
}

function varyingOf(cells: readonly Cell[]): Varying {
  const params = new Map<string, Set<string>>()
  const selectors = new Map<string, Set<string>>()
  for (const cell of cells) {
    note(selectors, cell.time, cell.selector)
    for (const [name, value] of Object.entries(cell.params)) note(params, `${cell.scenario} ${name}`, value)
  }
  return { times: selectors.size > 1, selectors: severalIn(selectors), params: severalIn(params) }
}

function note(seen: Map<string, Set<string>>, key: string, value: unknown): void {
  seen.set(key, (seen.get(key) ?? new Set()).add(JSON.stringify(value)))
}

function severalIn(seen: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  return new Set([...seen].filter(([, values]) => values.size > 1).map(([key]) => key))
}

function shortName(verdict: CellVerdict, varying: Varying): string {
  const { scenario, selector, time, params } = verdict.cell
  const telling = Object.entries(params).filter(([name]) => varying.params.has(`${scenario} ${name}`))
  return joined([
    scenario,
    policyOf(verdict),
    varying.selectors.has(time) ? selector : '',
    varying.times ? time : '',
    formatParams(Object.fromEntries(telling)),
  ])
}

/** Two policies were compared with one another: both are named. */
function policyOf({ cell, oldCell }: CellVerdict): string {
  const old = oldCell?.policy ?? cell.policy
  return old === cell.policy ? cell.policy : `${old} → ${cell.policy}`
}

function joined(parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/\s+/g, ' ').trim())
    .filter((part) => part !== '')
    .join(BETWEEN)
}
