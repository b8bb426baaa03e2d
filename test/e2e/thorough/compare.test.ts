/** `compare`: two folders, or two policies. */
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { FIFO, LIFO, readCheck, run, SMALL, writePolicy } from '../checks.ts'
import { readLines, temporaryFolder } from '../folders.ts'

const cwd = temporaryFolder()

beforeAll(async () => {
  const flags = '--time virtual --reporter json'
  const made = async (text: string, command: string) => {
    writePolicy(cwd, text)
    const { code, stderr } = await run(command, { cwd })
    expect(code, stderr).toBe(0)
  }
  await made(
    FIFO,
    `run -p ./mine.ts,fifo,node -s pipeline,gather --set items=60 --set tasks=9 --rounds 2 ${flags} --out old`,
  )
  await made(LIFO, `run -p ./mine.ts,fifo,node ${SMALL} --rounds 1 ${flags} --out new`)
}, 60_000)

describe('compare', { timeout: 60_000 }, () => {
  test('holds two folders against one another by their records', async () => {
    const { code, stdout } = await run('compare old new --json --reporter json --out result', { cwd })
    expect(code).toBe(1)
    const report = readCheck(join(cwd, 'result'))
    expect(JSON.parse(stdout)).toEqual(report)
    expect(report.cells.map(({ cell, verdict, rounds }) => [cell.policy, verdict, rounds])).toEqual([
      ['./mine.ts', 'regression', 1],
      ['fifo', 'pass', 1],
    ])
    expect(report.complete).toBe(true)
    // What was left out is said: node has no virtual time, and gather is in one folder only.
    expect(report.notes).toEqual([
      'Not compared: pipeline · node · simulated · virtual time, which could run in neither folder',
      expect.stringContaining("Not compared: gather · ./mine.ts · simulated · virtual time, of 'old' only"),
      expect.stringContaining('Not compared: gather · fifo'),
      expect.stringContaining('Not compared: gather · node'),
      expect.stringContaining("'old' has 2 rounds and 'new' 1"),
    ])
    // Its own result is a folder like another.
    const again = await run('compare result old --reporter json --out again', { cwd })
    expect([again.code, readLines(join(cwd, 'again')).header.cells.length]).toEqual([1, 2])
  })

  test('holds two policies against one another in one run', async () => {
    const command = `compare -p fifo -p ./mine.ts ${SMALL} --time virtual --reporter json --out policies`
    expect((await run(command, { cwd })).code).toBe(1)
    const { cells, comparison } = readCheck(join(cwd, 'policies'))
    expect([comparison.old.label, comparison.new.label]).toEqual(['fifo', './mine.ts'])
    expect(cells[0]).toMatchObject({ oldCell: { policy: 'fifo' }, cell: { policy: './mine.ts' } })
    expect(cells[0]!.exact!.divergence).toMatch(/event \d+: fifo: .*; \.\/mine\.ts: /)
  })
})
