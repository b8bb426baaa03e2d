import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { readSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const TABLE = fileURLToPath(new URL('../../../dist/scenarios/pipes/by-selector.js', import.meta.url))
const SMALL = ['sizes=5,20', 'writes=30', 'runs=2'].flatMap((setting) => ['--set', setting])
const FEW = [...SMALL, '-r', '1', '--reporter', 'json']

describe.runIf(process.platform === 'linux')('pipes', { timeout: 60_000 }, () => {
  test('are read under every selector and by Node alone, and make a table by selector', async () => {
    const selectors = ['--selector', 'epoll,poll,select,libuv']
    const run = ['run', '-s', 'pipes', '-p', 'fifo,node', ...selectors, ...FEW, '-o', 'all']
    const { code, stderr } = await loopdyno(run, { cwd: folder })
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const summary = readSummary(join(folder, 'all'))
    expect(new Set(summary.cells.map(({ selector }) => selector)).size).toBe(4)
    expect(statuses(summary).filter((status) => !status.endsWith(': ok'))).toEqual([])
    // Two runs of one byte thrown in and thirty written.
    for (const { metrics } of summary.cells) expect(metrics.operations!.value).toBe(62)

    const table = execFileSync(process.execPath, [TABLE, join(folder, 'all', 'summary.json')], {
      encoding: 'utf8',
    })
    const [header, , five, twenty] = table.split('\n')
    expect(header).toContain('| epoll (fifo) |')
    expect([five, twenty]).toEqual([
      expect.stringMatching(/^\| 5( \| [\d.]+ µs)+ \|$/),
      expect.stringMatching(/^\| 20( \| [\d.]+ µs)+ \|$/),
    ])
  })
})
