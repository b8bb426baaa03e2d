/** What all sections are made of: pictures in the page itself, and plain tables. */
import { drawChart } from '../charts/canvas.ts'
import type { ChartSpec } from '../charts/spec.ts'
import type { PlainTable } from '../tables/plain.ts'
import { html, type Markup, NOTHING, raw } from './elements.ts'

export function figures(charts: readonly ChartSpec[]): Markup {
  return charts.length === 0 ? NOTHING : html`<div class="charts">${charts.map(figureOf)}</div>`
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

/** Numbers to the right. */
export function plainTable({ columns, rows }: PlainTable): Markup {
  const side = (index: number) => (columns[index]?.numeric ? 'right' : 'left')
  return html`
<div class="scroll" tabindex="0"><table>
<thead><tr>${columns.map(({ name }, index) => html`<th scope="col" class="${side(index)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${row.map((cell, index) => html`<td class="${side(index)}">${cell}</td>`)}</tr>`,
  )}</tbody>
</table></div>`
}
