/** The page's whole look: light and dark, phone and desktop, and no request to anywhere. */
export const STYLESHEET = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1f2328; --faint: #57606a; --line: #d5dae0;
  --tint: #f6f8fa; --good: #0a6b3d; --bad: #b3261e; --warn: #8a5a00; --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1317; --ink: #e6eaee; --faint: #9aa4ae;
  --line: #333b44; --tint: #171c22; --good: #5fd39a; --bad: #ff8a80; --warn: #f0b94d; --link: #79b8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1360px; padding: 24px 20px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 20px; margin: 0 0 2px; } h3 { font-size: 15px; margin: 24px 0 6px; }
p { margin: 6px 0; } a { color: var(--link); } .faint { color: var(--faint); font-size: 13.5px; }
section { margin-top: 44px; padding-top: 20px; border-top: 1px solid var(--line); }
pre, code { font-family: ui-monospace, 'SF Mono', Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px;
  white-space: pre-wrap; overflow-wrap: anywhere; margin: 8px 0; }
.scroll { overflow-x: auto; margin: 12px 0 6px; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); vertical-align: top; }
thead th { border-top: 0; background: var(--tint); font-weight: 600; vertical-align: bottom; }
thead th.policy { max-width: 220px; white-space: normal; overflow-wrap: break-word; }
th:first-child, td:first-child, td.left, th.left { text-align: left; }
tbody th { font-weight: 500; }
.scroll.sticky th:first-child { position: sticky; left: 0; background: var(--paper); }
.scroll.sticky thead th:first-child { background: var(--tint); }
.ratio { color: var(--faint); margin-left: 6px; } .range { display: block; color: var(--faint); font-size: 12px; }
.best { color: var(--good); font-weight: 650; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px;
  border: 1px solid var(--line); }
.time { display: inline-block; font-size: 12px; font-weight: 600; padding: 1px 8px; border-radius: 10px;
  border: 1px solid var(--line); background: var(--tint); vertical-align: 3px; margin-left: 6px; }
.charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; margin: 16px 0; }
@media (min-width: 1300px) { .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: 6px;
  align-self: start; max-width: 860px; overflow-x: auto; }
figure img { display: block; width: 100%; min-width: 560px; height: auto; }
ul.lines { padding-left: 20px; margin: 6px 0; } ul.lines .fatal { color: var(--bad); }
ul.findings { list-style: none; padding: 0; margin: 6px 0; }
ul.findings li { padding: 4px 10px; margin: 4px 0; border-left: 3px solid var(--warn); background: var(--tint);
  overflow-wrap: anywhere; }
ul.findings li.fatal { border-color: var(--bad); } .kind { font-weight: 600; color: var(--warn); }
.fatal .kind { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 10px 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
nav ul { columns: 2; padding-left: 18px; margin: 8px 0; }
@media (max-width: 600px) { body { padding: 16px 12px 48px; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; } nav ul { columns: 1; } th, td { padding: 6px 9px; } }
`.trim()

/** What the page of a check has besides. */
export const CHECK_STYLESHEET = `${STYLESHEET}
.verdict { display: inline-block; font-size: .85em; font-weight: 650; padding: 0 8px; border-radius: 4px; color: #fff;
  background: #0a6b3d; } .verdict.regression, .verdict.failed { background: #b3261e; }
.verdict.inconclusive { background: #8a5a00; } .verdict.pass { background: none; color: var(--good); padding: 0; }
h1 .verdict.pass { background: #0a6b3d; color: #fff; padding: 0 8px; }
td.text { white-space: normal; min-width: 110px; } td.note { min-width: 190px; }
.cells tbody tr td:first-child { padding-left: 22px; } .cells tr.wide td { white-space: normal; min-width: 260px; }
.cells tr.cell th { text-align: left; font-weight: 600; background: var(--tint); white-space: normal; overflow-wrap: anywhere; }
.metric { display: inline-block; min-width: 7em; font-size: 12.5px; color: var(--faint); }
.metric.regression, .metric.failed { color: var(--bad); } .metric.inconclusive { color: var(--warn); }
.metric.improvement { color: var(--good); }
/* What belongs to a whole cell stays in sight while its figures are scrolled. */
.cells tr.cell th div, .cells tr.wide td div { position: sticky; left: 10px; width: fit-content; max-width: calc(100vw - 60px); }
details summary { cursor: pointer; color: var(--link); }
@media (max-width: 600px) { h1 { font-size: 20px; } .metric { display: block; }
  .cells tbody tr td:first-child { padding-left: 10px; } }`
