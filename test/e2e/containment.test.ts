import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from './cli.ts'
import { cellOf, fixture, parseSummary, readLines, readSummary, temporaryFolder } from './folders.ts'

const folder = temporaryFolder()

function argsOf(out: string, args: readonly string[], rounds = 1): string[] {
  return ['run', '--rounds', `${rounds}`, '--reporter', 'json', '--json', '--out', out, ...args]
}

function run(out: string, args: readonly string[], rounds = 1) {
  return loopdyno(argsOf(out, args, rounds), { cwd: folder })
}

const GATHER = [
  '-s',
  'gather',
  '--set',
  'tasks=50',
  '--set',
  'minMs=1',
  '--set',
  'maxMs=5',
  '--time',
  'virtual',
]

describe('what a plug-in does is contained', { timeout: 60_000 }, () => {
  test.concurrent('noise on the harness’s channel costs the cell that made it', async () => {
    const noisy = fixture('writes-on-channel')
    const { code, stdout } = await run('noise', ['-p', `${noisy},fifo`, ...GATHER])
    const summary = parseSummary(stdout)
    expect(cellOf(summary, noisy).reason).toContain(
      "descriptor 3, which is the harness's: 'this is no message'",
    )
    expect([cellOf(summary, 'fifo').status, code]).toEqual(['ok', 4])
  })

  test.concurrent('a process that a scenario leaves behind neither holds the run up nor outlives it', async () => {
    const startedMs = performance.now()
    const args = ['-p', 'fifo', '-s', fixture('leaves-a-process'), '--timeout', '25']
    const invocation = new Invocation(argsOf('left', args), { cwd: folder })
    const { code, stdout } = await invocation.ended
    expect(performance.now() - startedMs).toBeLessThan(20_000) // the process would sleep for 30 s
    expect([parseSummary(stdout).cells[0]!.status, code]).toEqual(['ok', 0])
    await invocation.gone()
  })

  test.concurrent.each(['real', 'virtual'])(
    'a server that is never reachable fails in %s time',
    async (time) => {
      const { code, stdout } = await run(time, ['-p', 'fifo', '-s', fixture('never-ready'), '--time', time])
      expect(parseSummary(stdout).cells[0]!.reason).toContain('without calling ctx.ready')
      expect(code).toBe(4)
    },
  )
})

describe('a run', { timeout: 60_000 }, () => {
  test.concurrent('measures what is in its window, and nothing else', async () => {
    const { stdout } = await run('window', ['-p', 'fifo', '-s', fixture('window')])
    const { metrics } = parseSummary(stdout).cells[0]!
    expect(metrics.throughput!.value).toBe(2000)
    expect([metrics.operations!.value, metrics['latency.work.max']!.value]).toEqual([1000, 5e5])
    expect(metrics['run.default.max']!.value).toBe(5e5)
  })

  test.concurrent('shares no round with a run of another seed', async () => {
    const digests = async (seed: string) => {
      await run(`seed${seed}`, ['-p', 'fifo', ...GATHER, '--seed', seed], 3)
      return readLines(join(folder, `seed${seed}`)).rounds.map(({ digest }) => digest)
    }
    const all = [...(await digests('1')), ...(await digests('2'))]
    expect([all.length, new Set(all).size]).toEqual([6, 6])
  })

  test.concurrent('removes the reports of the run before, and no file of yours', async () => {
    const first = await run('again', ['-p', 'fifo', ...GATHER, '--reporter', 'png,markdown'])
    expect(first.code).toBe(0)
    mkdirSync(join(folder, 'again/charts'), { recursive: true })
    writeFileSync(join(folder, 'again/charts/mine.txt'), 'mine')
    await run('again', ['-p', 'priority', ...GATHER])
    expect(existsSync(join(folder, 'again/report.md'))).toBe(false)
    expect(existsSync(join(folder, 'again/charts/mine.txt'))).toBe(true)
    expect(readSummary(join(folder, 'again')).cells.map(({ policy }) => policy)).toEqual(['priority'])
  })

  test.concurrent('that measured nothing has failed', async () => {
    const { code } = await run('nothing', ['-p', 'node', ...GATHER])
    expect(code).toBe(4)
  })

  test.concurrent('is headed with the selector that was asked for, whatever the first policy waits in', async () => {
    const args = [
      '-p',
      'node,fifo',
      '-s',
      'gather',
      '--set',
      'tasks=20',
      '--set',
      'maxMs=80',
      '--rounds',
      '1',
    ]
    const { stdout } = await loopdyno(
      ['run', ...args, '--reporter', 'table', '--selector', 'poll', '--out', 'head'],
      {
        cwd: folder,
      },
    )
    expect(stdout).toContain('gather · real time · poll')
    expect(stdout).toContain('node (libuv)')
  })
})
