/** Metrics below one another, policies side by side: with ratio, range over the rounds and the best marked. */
import { MISSING } from '../../harness/format.ts'
import type { Group } from '../../harness/verdict/groups.ts'
import { lookOf } from '../charts/style.ts'
import { type Comparison, comparisonOf, type Entry, type Row } from '../tables/comparison.ts'
import type { HeadlineRow } from '../tables/headline.ts'
import { arrowOf, BEST, legendOf } from '../tables/legend.ts'
import { html, type Markup, NOTHING, raw } from './elements.ts'

export function comparisonTable(group: Group): Markup {
  const comparison = comparisonOf(group)
  if (comparison.columns.length === 0) return NOTHING
  const sound = comparison.rows.filter((row) => row.trouble === undefined)
  const severalRounds = group.members.some((member) => member.rounds.length > 1)
  return html`
<div class="scroll sticky" tabindex="0"><table>
<thead><tr><th scope="col">metric</th>${sound.map((row) => policyHead(row.policy, row.policyIndex))}</tr></thead>
<tbody>${metricRows(comparison, sound)}${digestRow(group)}</tbody>
</table></div>
<p class="faint">${legendOf(comparison, severalRounds)}</p>`
}

export function policyHead(policy: string, policyIndex: number): Markup {
  const swatch = raw(`<span class="swatch" style="background:${lookOf(policyIndex).color}"></span>`)
  return html`<th scope="col" class="policy">${swatch}${breakable(policy)}</th>`
}

/** Long names with options may break before an option, and nowhere else unless they must. */
function breakable(policy: string): Markup[] {
  return policy.split(/(?<=[:,/])/).flatMap((part) => [html`${part}`, raw('<wbr>')])
}

function metricRows({ columns }: Comparison, rows: readonly Row[]): Markup[] {
  return columns.map(
    ({ metric, better }, index) => html`
<tr><th scope="row">${metric} ${arrowOf(better)}</th>${rows.map((row) => entryCell(row.entries[index], true))}</tr>`,
  )
}

export function entryCell(entry: Entry | undefined, ranged: boolean): Markup {
  if (entry === undefined) return html`<td>${MISSING}</td>`
  const value = entry.best ? html`<span class="best">${entry.text} ${BEST}</span>` : html`${entry.text}`
  const ratio = entry.ratio === '' ? NOTHING : html`<span class="ratio">${entry.ratio}</span>`
  const range = ranged && entry.range !== '' ? html`<span class="range">${entry.range}</span>` : NOTHING
  return html`<td>${value}${ratio}${range}</td>`
}

/** Enough of it to see whether two runs are the same; `summary.json` has all. */
function digestRow({ members }: Group): Markup {
  const sound = members.filter(({ cell }) => cell.status === 'ok')
  if (!sound.some(({ cell }) => cell.digest !== undefined)) return NOTHING
  const cells = sound.map(({ cell }) => html`<td><code>${cell.digest?.slice(0, 12) ?? MISSING}</code></td>`)
  return html`<tr><th scope="row">digest</th>${cells}</tr>`
}

/** One line a group and leading metric, one column a policy of the run. */
export function headlineTable(
  rows: readonly HeadlineRow[],
  policies: readonly string[],
  anchor: Anchor,
): Markup {
  if (rows.length === 0) return NOTHING
  return html`
<div class="scroll sticky" tabindex="0"><table>
<thead><tr><th scope="col">scenario</th>${policies.map(policyHead)}</tr></thead>
<tbody>${rows.map((row) => headlineRow(row, policies, anchor))}</tbody>
</table></div>`
}

type Anchor = (group: Group) => string

function headlineRow(
  { group, metric, better, entries }: HeadlineRow,
  policies: readonly string[],
  anchor: Anchor,
) {
  const { scenario, time, selector } = group
  return html`
<tr><th scope="row"><a href="#${anchor(group)}">${scenario}</a> ${metric} ${arrowOf(better)}
<span class="range">${time} time, ${selector}</span></th>${policies.map((_, index) => entryCell(entries.get(index), false))}</tr>`
}
