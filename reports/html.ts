/** `index.html`: the whole report as one file without scripts or requests. */
import type { Group } from '../harness/verdict/groups.ts'
import type { Report, Reporter } from '../harness/verdict/reporter.ts'
import { type ChartedGroup, chartedGroups } from './charts/charts.ts'
import { checkCharts } from './charts/check.ts'
import { type ChartedFidelity, chartedFidelity } from './charts/fidelity.ts'
import { writeWhole } from './output/wholefile.ts'
import { checkPage } from './page/check.ts'
import { headlineTable } from './page/comparisontable.ts'
import { documentOf } from './page/document.ts'
import { definitionList, html, type Markup, NOTHING } from './page/elements.ts'
import { fidelitySection } from './page/fidelity.ts'
import { sectionOf } from './page/section.ts'
import { STYLESHEET } from './page/stylesheet.ts'
import { commandOf, environmentOf, GLOSSARY, REPRODUCE } from './tables/environment.ts'
import { headlineOf } from './tables/headline.ts'

const reporter: Reporter = {
  name: 'html',
  summary: 'index.html: the whole report with charts in one self-contained page',
  async write(report, { directory }) {
    const { check } = report
    const page =
      check === undefined
        ? pageOf(report, chartedGroups(report), chartedFidelity(report))
        : checkPage(check, checkCharts(check))
    return [writeWhole(directory, 'index.html', page.source)]
  },
}

export default reporter

function pageOf(
  report: Report,
  groups: readonly ChartedGroup[],
  fidelities: readonly ChartedFidelity[],
): Markup {
  const { header } = report.records
  const anchors = new Map<Group, string>(groups.map(({ group }, index) => [group, `group-${index + 1}`]))
  const scenarios = [...new Set(groups.map(({ group }) => group.scenario))].join(', ')
  return documentOf(
    `loopdyno report: ${scenarios}`,
    html`<header>${heading(report)}</header>
<main>
<section>
<h2>At a glance</h2>
${headlineTable(
  headlineOf(groups.map(({ group }) => group)),
  header.policies,
  (group) => anchors.get(group)!,
)}
<p class="faint">Each line compares policies under one load: ×… is the ratio to the first policy
that finished, * the best. ${REPRODUCE}</p>
</section>
${groups.map((group) => sectionOf(group, anchors.get(group.group)!))}
${fidelitySection(fidelities)}
<section><h2>Environment</h2>${definitionList(environmentOf(header))}</section>
<section><h2>Words</h2>${definitionList(GLOSSARY)}</section>
</main>`,
    STYLESHEET,
  )
}

function heading({ records: { header }, summary }: Report): Markup {
  const broken = summary.cells.filter((cell) => cell.status !== 'ok').length
  const { cpu, cores, platform, node, loadAverage } = header.environment
  const command = commandOf(header)
  return html`
<h1>loopdyno report</h1>
<p class="faint">${summary.cells.length} cells, ${broken} without result · ${header.policies.length === 1 ? '1 policy' : `${header.policies.length} policies`} ·
${platform}, ${cpu}, ${cores} cores, load ${loadAverage.toFixed(1)} at the start, Node.js ${node} · ${header.startedAt.slice(0, 10)}</p>
${command === undefined ? NOTHING : html`<pre>${command}</pre>`}`
}
