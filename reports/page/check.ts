/** The page of a check: the verdict, what to be careful about, every row, charts, and how it was made. */
import { formatValue } from '../../harness/format.ts'
import type { CheckReport, Verdict } from '../../harness/verdict/check-report.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { CHECK_LEGEND, cautionsOf, comparedOf, countsOf, MEANINGS, sidesOf } from '../tables/checkhead.ts'
import { machineOf, REPRODUCE } from '../tables/environment.ts'
import {
  changeOf,
  controlRows,
  counted,
  isChangedLog,
  movedMetrics,
  VERDICT_WORDS,
  type VerdictRow,
  verdictRows,
} from '../tables/verdicts.ts'
import { documentOf } from './document.ts'
import { definitionList, html, type Markup, NOTHING } from './elements.ts'
import { figures, plainTable } from './figures.ts'
import { CHECK_STYLESHEET } from './stylesheet.ts'

/** More passes than these are folded up. */
const LISTED_MAX = 40

export function checkPage(check: CheckReport, charts: readonly ChartSpec[]): Markup {
  const rows = verdictRows(check)
  const passed = rows.filter(({ verdict }) => verdict === 'pass')
  const open = rows.filter(({ verdict }) => verdict !== 'pass')
  return documentOf(
    `loopdyno check: ${VERDICT_WORDS[check.verdict].toLowerCase()}`,
    html`<header>${heading(check, rows)}</header>
<main>
${section('What is not a pass', open.length === 0 ? NOTHING : verdictTable(open))}
${section('Changed behaviour in virtual time', changes(rows))}
${section('Charts', figures(charts))}
${section(`What passed: ${counted(passed.length, 'row')}`, passes(passed))}
${section('Control: the same code on both sides', controls(check))}
<section><h2>How it was compared</h2>
<p class="faint">${CHECK_LEGEND}. ${REPRODUCE}</p>
${definitionList([...comparedOf(check), ...machineOf(check.environment)])}</section>
</main>`,
    CHECK_STYLESHEET,
  )
}

/** None where there is nothing to show. */
function section(title: string, content: Markup): Markup {
  return content === NOTHING ? NOTHING : html`<section><h2>${title}</h2>${content}</section>`
}

function heading(check: CheckReport, rows: readonly VerdictRow[]): Markup {
  const { verdict, headline, command } = check
  const cautions = cautionsOf(check)
  return html`
<h1>${badge(verdict)} ${headline}</h1>
<p>${MEANINGS[verdict]}</p>
<p class="faint">${sidesOf(check)} · ${countsOf(rows)}</p>
${cautions.length === 0 ? NOTHING : html`<ul class="findings">${cautions.map((caution) => html`<li class="mild">${caution}</li>`)}</ul>`}
${command === undefined ? NOTHING : html`<pre>${command}</pre>`}`
}

function badge(verdict: Verdict, look = verdict): Markup {
  return html`<span class="verdict ${look}">${VERDICT_WORDS[verdict]}</span>`
}

function verdictTable(rows: readonly VerdictRow[]): Markup {
  return html`
<div class="scroll" tabindex="0"><table>
<thead><tr>${['verdict', 'cell', 'metric'].map((head) => html`<th scope="col" class="left">${head}</th>`)}${[
    'old',
    'new',
    'worse by',
    '95 % interval',
    'limit',
  ].map((head) => html`<th scope="col">${head}</th>`)}<th scope="col" class="left">note</th></tr></thead>
<tbody>${rows.map(rowOf)}</tbody>
</table></div>`
}

/** Many are folded up. */
function passes(rows: readonly VerdictRow[]): Markup {
  if (rows.length === 0) return NOTHING
  if (rows.length <= LISTED_MAX) return verdictTable(rows)
  return html`<details><summary>Show them</summary>${verdictTable(rows)}</details>`
}

function rowOf(row: VerdictRow): Markup {
  const { name, subject, old, worse, interval, limit, note } = row
  const first = html`<td>${badgeOf(row)}</td><td class="left text">${name}</td>`
  // Of the cell as a whole there are no figures, but a sentence.
  if (subject === '') return html`\n<tr>${first}<td colspan="7" class="left text">${note}</td></tr>`
  const figures = [old, row.new, worse, interval, limit].map((figure) => html`<td>${figure}</td>`)
  return html`
<tr>${first}<td class="left text">${subject}</td>${figures}<td class="left text note">${note}</td></tr>`
}

/** A warning looks less urgent than what fails. */
function badgeOf({ verdict, warned }: VerdictRow): Markup {
  return badge(verdict, warned && verdict === 'regression' ? 'inconclusive' : verdict)
}

function changes(rows: readonly VerdictRow[]): Markup {
  const changed = rows.filter(isChangedLog)
  return changed.length === 0 ? NOTHING : html`${changed.map(changeSection)}`
}

function changeSection({ name, cell }: VerdictRow): Markup {
  const moved = movedMetrics(cell)
  const columns = ['metric', 'old', 'new', 'worse by'].map((head, index) => ({
    name: head,
    numeric: index > 0,
  }))
  const lines = moved.map((metric) => [
    metric.metric,
    formatValue(metric.old, metric.unit),
    formatValue(metric.new, metric.unit),
    changeOf(metric),
  ])
  return html`
<h3>${name}</h3>
<p class="faint">${cell.exact?.divergence === undefined ? 'No metric says where it began' : `First difference: ${cell.exact.divergence}`}</p>
${lines.length === 0 ? html`<p>No median moved.</p>` : html`<details><summary>${counted(moved.length, 'metric')} moved</summary>${plainTable({ columns, rows: lines })}</details>`}`
}

function controls(check: CheckReport): Markup {
  const rows = controlRows(check)
  return rows.length === 0 ? NOTHING : verdictTable(rows)
}
