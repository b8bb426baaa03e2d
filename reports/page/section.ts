/** One group's part of the page: table, charts, findings and what observers saw. */
import type { Group } from '../../harness/verdict/groups.ts'
import type { ChartedGroup } from '../charts/charts.ts'
import { comparisonOf } from '../tables/comparison.ts'
import { findingLines } from '../tables/findings.ts'
import { loadOf } from '../tables/heading.ts'
import { type ObservedTable, observedTables } from '../tables/observed.ts'
import { comparisonTable } from './comparisontable.ts'
import { html, type Markup, NOTHING } from './elements.ts'
import { figures, plainTable } from './figures.ts'

export function sectionOf({ group, charts }: ChartedGroup, anchor: string): Markup {
  return html`
<section id="${anchor}">
<h2>${group.scenario} <span class="time">${group.time} time</span> <span class="time">${group.selector}</span></h2>
<p class="faint">${loadOf(group)}</p>
${comparisonTable(group)}
${troublesOf(group)}
${findingsOf(group)}
${figures(charts)}
${observedTables(group).map(observedTable)}
</section>`
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

function observedTable({ title, policy, round, omitted, ...table }: ObservedTable): Markup {
  return html`
<h3>${title}: ${policy}, round ${round}</h3>
${plainTable(table)}
${omitted === 0 ? NOTHING : html`<p class="faint">${omitted} more rows in records.jsonl</p>`}`
}
