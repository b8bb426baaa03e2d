/** `check` as its user sees it: what it compares, how it ends, and what it leaves. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestRepository } from '../harness/git-repository.ts'
import { ALSO_FIFO, BROKEN, FIFO, LIFO, readCheck, run, SMALL, writePolicy } from './checks.ts'
import { temporaryFolder } from './folders.ts'

describe('check --baseline', { timeout: 60_000 }, () => {
  const cwd = temporaryFolder()

  test('passes where nothing behaves otherwise, and its records alone give the same report', async () => {
    writePolicy(cwd, FIFO)
    const saved = await run(`baseline save -p ./mine.ts ${SMALL} --time virtual`, { cwd })
    expect([saved.code, saved.stdout]).toEqual([0, ''])
    writePolicy(cwd, ALSO_FIFO)
    const { code, stdout } = await run('check --json --reporter json', { cwd })
    const text = readFileSync(join(cwd, 'loopdyno-check', 'check.json'), 'utf8')
    expect([code, stdout]).toEqual([0, text])
    expect(readCheck(join(cwd, 'loopdyno-check'))).toMatchObject({ verdict: 'pass', complete: true })

    const again = await run('report loopdyno-check --json --reporter json', { cwd })
    expect([again.code, again.stdout === text]).toEqual([0, true])
    expect(readFileSync(join(cwd, 'loopdyno-check', 'check.json'), 'utf8') === text).toBe(true)
  })

  test('ends with 4 where the new side breaks down, and with 1 where it is worse', async () => {
    writePolicy(cwd, BROKEN)
    const broken = await run('check --reporter json --out broken', { cwd })
    expect([broken.code, readCheck(join(cwd, 'broken')).headline]).toEqual([
      4,
      expect.stringContaining('the shift of this policy is broken'),
    ])
    writePolicy(cwd, LIFO)
    const worse = await run('check --reporter json --out worse', { cwd })
    expect(worse.code).toBe(1)
    const { cells } = readCheck(join(cwd, 'worse'))
    // Of a baseline there are checkpoints only: they tell between which events it lies, and what is there now.
    expect(cells[0]!.exact!.divergence).toMatch(/the first difference lies .*event/)
  })
})

test('check --against a git ref fails on other behaviour and names the first event of it', async () => {
  const repository = new TestRepository()
  repository.commit({ 'mine.ts': FIFO })
  repository.write('mine.ts', LIFO)
  const { root: cwd } = repository
  const before = repository.traces()
  const { code, stdout } = await run(`check --against HEAD -p ./mine.ts ${SMALL} --time virtual --json`, {
    cwd,
  })
  expect(code).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'regression', complete: true })
  const { exact } = readCheck(join(cwd, 'loopdyno-check')).cells[0]!
  expect(exact!.divergence).toMatch(/event \d+: HEAD \([0-9a-f]{7}\): .*'produce .*; the working tree: .*'/)
  expect(repository.traces()).toEqual(before)
}, 60_000)
