/** The page of a check: the verdict, what to be careful about, every row, charts, and how it was made. */
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { cautionsOf, comparedOf, countsOf, figuresLegend, MEANINGS, sidesOf } from '../tables/checkhead.ts'
import { machineOf, REPRODUCE } from '../tables/environment.ts'
import {
  type CellGroup,
  cellGroups,
  controlGroups,
  counted,
  differenceOf,
  figureColumns,
  hasChanged,
  isOpen,
  restOf,
  unexplained,
  VERDICT_WORDS,
  type VerdictRow,
  wordOf,
} from '../tables/verdicts.ts'
import { documentOf } from './document.ts'
import { definitionList, html, type Markup, NOTHING, raw } from './elements.ts'
import { figures } from './figures.ts'
import { CHECK_STYLESHEET } from './stylesheet.ts'

/** More cells that passed than these are folded up. */
const LISTED_MAX = 40
/** Metrics of a cell; below, all that moved are folded up, of so many cells. */
const METRICS_MAX = 8
const CELLS_IN_FULL = 200

export function checkPage(check: CheckReport, charts: readonly ChartSpec[]): Markup {
  const groups = cellGroups(check)
  const open = groups.filter(isOpen)
  const passed = groups.filter((group) => !isOpen(group))
  return documentOf(
    `loopdyno check: ${VERDICT_WORDS[check.verdict].toLowerCase()}`,
    html`<header>${heading(check, groups)}</header>
<main>
${section('What is not a pass', verdictTable(open.filter(({ cell }) => cell.verdict !== 'pass')))}
${section('Charts', figures(charts))}
${section('What passed with a change or a warning', verdictTable(open.filter(({ cell }) => cell.verdict === 'pass')))}
${section('Changed behaviour in virtual time', changes(open.filter(hasChanged)))}
${section(`What passed: ${counted(passed.length, 'cell')}`, passes(passed))}
${section('Control: the same code on both sides', verdictTable(controlGroups(check)))}
<section><h2>How it was compared</h2>
<p class="faint">${figuresLegend(check)}. ${REPRODUCE}</p>
${definitionList([...comparedOf(check), ...machineOf(check.environment)])}</section>
</main>`,
    CHECK_STYLESHEET,
  )
}

/** None where there is nothing to show. */
function section(title: string, content: Markup): Markup {
  return content === NOTHING ? NOTHING : html`<section><h2>${title}</h2>${content}</section>`
}

/** A number stays with its sign. */
const PERCENT = '\u00a0%'

function heading(check: CheckReport, groups: readonly CellGroup[]): Markup {
  const { verdict, headline, command } = check
  const cautions = cautionsOf(check)
  return html`
<h1>${badge(verdict)} ${headline.replaceAll(' %', PERCENT)}</h1>
<p>${MEANINGS[verdict]}</p>
<p class="faint">${sidesOf(check)} · ${countsOf(groups)}</p>
${cautions.length === 0 ? NOTHING : html`<ul class="findings">${cautions.map((caution) => html`<li class="mild">${caution}</li>`)}</ul>`}
${command === undefined ? NOTHING : html`<pre>${command}</pre>`}`
}

function badge(verdict: Verdict): Markup {
  return html`<span class="verdict ${verdict}">${VERDICT_WORDS[verdict]}</span>`
}

type Columns = ReturnType<typeof figureColumns>

/** A heading a cell, its metrics below; nothing for no cells. */
function verdictTable(groups: readonly CellGroup[], most = METRICS_MAX): Markup {
  if (groups.length === 0) return NOTHING
  const rows = groups.flatMap((group) => group.rows.slice(0, most))
  const columns = figureColumns(rows)
  return html`
<div class="scroll" tabindex="0"><table class="cells">
${rows.length === 0 ? NOTHING : headOf(columns)}
${groups.map((group) => cellBody(group, most, columns))}
</table></div>`
}

function headOf(columns: Columns): Markup {
  return html`<thead><tr>${['metric', ...columns.map(([head]) => head)].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>`
}

function cellBody(group: CellGroup, most: number, columns: Columns): Markup {
  const { cell, name, rows } = group
  const wide = (content: Markup) =>
    html`\n<tr class="wide"><td colspan="${columns.length + 1}"><div>${content}</div></td></tr>`
  const reason = unexplained(group)
  const rest = restOf(group, most)
  return html`<tbody>
<tr class="cell"><th scope="rowgroup" colspan="${columns.length + 1}"><div>${badge(cell.verdict)} ${name}</div></th></tr>${[
    ...(reason === '' ? [] : [wide(html`${reason}`)]),
    ...rows.slice(0, most).map((row) => metricRow(row, columns)),
    ...(rest === '' ? [] : [wide(html`<span class="faint">${rest}</span>`)]),
  ]}
</tbody>`
}

function metricRow(row: VerdictRow, columns: Columns): Markup {
  const figures = columns.map(
    ([, part]) => html`<td${part === 'note' ? NOTE_CLASS : NOTHING}>${row[part]}</td>`,
  )
  return html`
<tr><td><span class="metric ${lookOf(row)}">${wordOf(row).toLowerCase()}</span> ${row.subject}</td>${figures}</tr>`
}

const NOTE_CLASS = raw(' class="left text note"')

/** A warning looks less urgent than what fails. */
function lookOf({ verdict, warned }: VerdictRow): Verdict {
  return warned && verdict === 'regression' ? 'inconclusive' : verdict
}

/** Many are folded up. */
function passes(groups: readonly CellGroup[]): Markup {
  if (groups.length <= LISTED_MAX) return verdictTable(groups)
  return html`<details><summary>Show them</summary>${verdictTable(groups)}</details>`
}

function changes(groups: readonly CellGroup[]): Markup {
  if (groups.length === 0) return NOTHING
  const left = groups.length - CELLS_IN_FULL
  return html`${groups.slice(0, CELLS_IN_FULL).map(changeSection)}
${left > 0 ? html`<p class="faint">${counted(left, 'more cell')}: see check.json</p>` : NOTHING}`
}

function changeSection(group: CellGroup): Markup {
  const { name, rows } = group
  const difference = differenceOf(group)
  return html`
<h3>${name}</h3>
<p class="faint">${difference === '' ? 'Nothing tells where it began' : difference}</p>
${rows.length === 0 ? html`<p>No median moved.</p>` : html`<details><summary>${counted(rows.length, 'metric')} moved</summary>${verdictTable([group], rows.length)}</details>`}`
}
