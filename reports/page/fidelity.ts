/** The page's section on how near virtual time came to real time. */
import type { ChartedFidelity } from '../charts/fidelity.ts'
import {
  FIDELITY_LEGEND,
  FIDELITY_TITLE,
  fidelityLines,
  fidelityLoad,
  fidelityTable,
  fidelityTitle,
} from '../tables/fidelity.ts'
import { html, type Markup, NOTHING } from './elements.ts'
import { figures, plainTable } from './figures.ts'

export function fidelitySection(fidelities: readonly ChartedFidelity[]): Markup {
  if (fidelities.length === 0) return NOTHING
  return html`
<section id="fidelity">
<h2>${FIDELITY_TITLE}</h2>
${fidelities.map(partOf)}
<p class="faint">${FIDELITY_LEGEND}</p>
</section>`
}

function partOf({ fidelity, charts }: ChartedFidelity): Markup {
  const table = fidelityTable(fidelity)
  return html`
<h3>${fidelityTitle(fidelity)}</h3>
<p class="faint">${fidelityLoad(fidelity)}</p>
<ul class="lines">${fidelityLines(fidelity).map(
    ({ policy, text, trouble }) =>
      html`<li class="${trouble ? 'fatal' : 'mild'}"><b>${policy}</b>: ${text}</li>`,
  )}</ul>
${figures(charts)}
${table.rows.length === 0 ? NOTHING : plainTable(table)}`
}
