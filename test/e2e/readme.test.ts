import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatDuration } from '../../harness/format.ts'
import { loopdyno } from './cli.ts'
import { cellOf, parseSummary, temporaryFolder } from './folders.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const folder = temporaryFolder()

// Virtual figures are the same everywhere: what the page says is what its reader gets.
test('the virtual figures in README are those that its command prints', { timeout: 60_000 }, async () => {
  const command = 'run -p fifo,priority -s http-server --time virtual'
  expect(README).toContain(`npx loopdyno ${command}`)
  const { stdout } = await loopdyno([...command.split(' '), '--json', '--reporter', 'json'], { cwd: folder })
  const summary = parseSummary(stdout)
  const p99 = (policy: string, className: string) =>
    formatDuration(cellOf(summary, policy).metrics[`latency.${className}.p99`]!.value)
  expect(README.replaceAll('\n', ' ')).toContain(
    `is ${p99('fifo', 'health')} under \`fifo\` and ${p99('priority', 'health')} under \`priority\``,
  )
  expect(README.replaceAll('\n', ' ')).toContain(
    `goes from ${p99('fifo', 'report')} to ${p99('priority', 'report')}`,
  )
})
