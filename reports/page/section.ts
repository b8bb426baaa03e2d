/** One group's part of the page: table, charts, findings and what observers saw. */
import type { Group } from '../../harness/verdict/groups.ts'
import { drawChart } from '../charts/canvas.ts'
import type { ChartedGroup } from '../charts/charts.ts'
import type { ChartSpec } from '../charts/spec.ts'
import { comparisonOf } from '../tables/comparison.ts'
import { findingLines } from '../tables/findings.ts'
import { loadOf } from '../tables/heading.ts'
import { type ObservedTable, observedTables } from '../tables/observed.ts'
import { comparisonTable } from './comparisontable.ts'
import { html, type Markup, NOTHING, raw } from './elements.ts'

export function sectionOf({ group, charts }: ChartedGroup, anchor: string): Markup {
  return html`
<section id="${anchor}">
<h2>${group.scenario} <span class="time">${group.time} time</span> <span class="time">${group.selector}</span></h2>
<p class="faint">${loadOf(group)}</p>
${comparisonTable(group)}
${troublesOf(group)}
${findingsOf(group)}
${charts.length === 0 ? NOTHING : html`<div class="charts">${charts.map(figureOf)}</div>`}
${observedTables(group).map(observedTable)}
</section>`
}

/** In the page itself, so that one file can be mailed or attached. */
function figureOf(chart: ChartSpec): Markup {
  const png = drawChart(chart)
  const source = raw(`data:image/png;base64,${png.toString('base64')}`)
  // A PNG says its size in bytes 16 to 23; the page reserves the room before the picture is decoded.
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  return html`
<figure tabindex="0"><img src="${source}" alt="${chart.alt}" width="${width}" height="${height}"></figure>`
}

function troublesOf(group: Group): Markup {
  const lines = comparisonOf(group).rows.filter((row) => row.trouble !== undefined)
  if (lines.length === 0) return NOTHING
  return html`
<h3>Without result</h3>
<ul class="findings">${lines.map(
    ({ policy, trouble }) =>
      html`<li class="fatal">${policy}: <span class="kind">${trouble ?? ''}</span></li>`,
  )}</ul>`
}

function findingsOf(group: Group): Markup {
  const lines = findingLines(group)
  if (lines.length === 0) return NOTHING
  return html`
<h3>Findings</h3>
<ul class="findings">${lines.map(
    ({ policy, kind, message, fatal }) => html`
<li class="${fatal ? 'fatal' : 'mild'}">${policy}: <span class="kind">${kind}</span>: ${message}</li>`,
  )}</ul>`
}

function observedTable({ title, policy, round, columns, rows, omitted }: ObservedTable): Markup {
  const side = (index: number) => (columns[index]?.numeric ? 'right' : 'left')
  return html`
<h3>${title}: ${policy}, round ${round}</h3>
<div class="scroll" tabindex="0"><table>
<thead><tr>${columns.map(({ name }, index) => html`<th scope="col" class="${side(index)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, index) => html`<td class="${side(index)}">${cell}</td>`)}</tr>`,
  )}</tbody>
</table></div>
${omitted === 0 ? NOTHING : html`<p class="faint">${omitted} more rows in records.jsonl</p>`}`
}
