/** `baseline`: what it keeps of how it was made, and what the command line may change of that. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Baseline } from '../../../harness/verdict/baseline.ts'
import { parseBaseline } from '../../../harness/verdict/baseline-text.ts'
import { BROKEN, FIFO, readCheck, run, writePolicy } from '../checks.ts'
import { readLines, temporaryFolder } from '../folders.ts'

const FILE = 'loopdyno.baseline.json'

function readBaseline(folder: string): Baseline {
  return parseBaseline(readFileSync(join(folder, FILE), 'utf8'), FILE)
}

describe('a baseline', { timeout: 60_000 }, () => {
  const cwd = temporaryFolder()

  test('is made again as it was made, whatever a config file says meanwhile', async () => {
    writePolicy(cwd, FIFO)
    const flags = '--seed 3 --virtual-rounds 2 --warmup-ms 30 --window-ms 60 --rounds 4 --world latency=1ms'
    const made = await run(
      `baseline save -p ./mine.ts -s pipeline,gather --set items=60 --set tasks=20 --time virtual ${flags}`,
      { cwd },
    )
    expect([made.code, made.stdout, made.stderr]).toEqual([0, '', expect.stringContaining(`Wrote ${FILE}`)])
    const { createdAt, command, environment, ...before } = readBaseline(cwd)
    expect(before.run).toMatchObject({ seed: 3, virtualRounds: 2, worldText: 'latency=1ms' })
    expect(before.cells.map(({ rounds }) => rounds.length)).toEqual([2, 2])

    const config = `{ policies: ['edf'], set: { items: 9 }, seed: 8, world: { latency: '5ms' }, check: { virtualRounds: 3 } }`
    writeFileSync(join(cwd, 'loopdyno.config.ts'), `export default ${config}`)
    const updated = await run('baseline update', { cwd })
    expect([updated.code, updated.stdout]).toEqual([0, ''])
    const after = readBaseline(cwd)
    expect(after).toMatchObject(before)
    expect(after.createdAt).not.toBe(createdAt)
    // Nothing of how it was written is left beside it.
    expect(readdirSync(cwd).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('is checked in its own world, and in a part of it where no more is asked for', async () => {
    const { code, stderr } = await run('check -s gather --set tasks=20 --seed 3 --reporter json', { cwd })
    expect([code, stderr]).toEqual([0, expect.stringContaining('loopdyno.config.ts')])
    const { header } = readLines(join(cwd, 'loopdyno-check'))
    expect(header).toMatchObject({ seed: 3, worldText: 'latency=1ms' })
    expect(readCheck(join(cwd, 'loopdyno-check')).cells.map(({ cell }) => cell.scenario)).toEqual(['gather'])
  })

  test('takes what the command line gives anew', async () => {
    const flags = '-p fifo --set items=30 --set items=40 --seed 4 --world latency=2ms'
    const updated = await run(`baseline update ${flags} --no-config --json`, { cwd })
    expect([updated.code, JSON.parse(updated.stdout)]).toEqual([0, readBaseline(cwd)])
    expect(readBaseline(cwd).run).toMatchObject({
      ...{ policies: ['fifo'], scenarios: ['pipeline', 'gather'], settings: ['tasks=20', 'items=40'] },
      ...{ seed: 4, virtualRounds: 2, worldText: 'latency=2ms' },
    })
  })

  test('stays as it is where a cell breaks down', async () => {
    const before = readFileSync(join(cwd, FILE), 'utf8')
    writePolicy(cwd, BROKEN)
    const { code, stderr } = await run('baseline update -p ./mine.ts -s gather', { cwd })
    expect([code, stderr]).toEqual([4, expect.stringMatching(/No baseline was written: .*mine\.ts.*broken/)])
    expect(readFileSync(join(cwd, FILE), 'utf8')).toBe(before)
  })
})
