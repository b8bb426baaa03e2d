import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Calibration } from '../../../harness/verdict/calibrated.ts'
import { Invocation, loopdyno } from '../cli.ts'
import { readLines, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()

/** A cell whose rounds are over in a tenth of a second, and not quiet at all. */
const SHORT = ['-p', 'fifo', '-s', 'pipeline', '--set', 'items=50', '--warmup-ms', '20', '--window-ms', '50']

function calibrate(...args: string[]) {
  return loopdyno(['calibrate', '--checks', '20', ...args], { cwd: folder, timeLimitMs: 100_000 })
}

function calibrationIn(directory: string): Calibration {
  return JSON.parse(readFileSync(join(folder, directory, 'calibration.json'), 'utf8')) as Calibration
}

describe.runIf(process.platform === 'linux')('calibrate in real time', { timeout: 120_000 }, () => {
  test('runs pairs of the same code, and judges them again without running anything', async () => {
    const { code, stdout, stderr } = await calibrate(...SHORT, '--rounds', '6', '--out', 'pairs')
    expect([code, stderr]).toEqual([0, expect.stringContaining('Wrote calibration.json')])
    for (const said of ['pipeline · fifo', '(control)', 'False alarms: ', 'A check of 20 rounds takes'])
      expect(stdout).toContain(said)
    const { header, rounds } = readLines(join(folder, 'pairs'))
    expect(rounds).toHaveLength(6 * 2 * 2)
    expect(header.comparison).toMatchObject({ old: header.comparison!.new, confirm: false })
    const calibration = calibrationIn('pairs')
    expect(calibration).toMatchObject({ pairs: 6, rounds: 20, family: 2, checks: { checks: 20 } })
    expect(calibration.cells[0]!.metrics.map(({ metric }) => metric)).toEqual(['cpu.perOp', 'throughput'])

    const again = await calibrate('--from', 'pairs', '--json')
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, calibration])
    const plan = await calibrate('--from', 'pairs', '--plan', '80%@90%', '--check-rounds', '12')
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/a check needs \d+ rounds and takes/)])
    expect(plan.stdout).toContain('A check of 12 rounds takes')
    expect(calibrationIn('pairs')).toEqual(calibration)
    expect(readLines(join(folder, 'pairs')).rounds).toHaveLength(24)
  })

  test('leaves what it has where it is stopped, for --from to judge', async () => {
    const args = ['calibrate', ...SHORT, '--rounds', '500', '--out', 'stopped']
    const invocation = new Invocation(args, { cwd: folder, timeLimitMs: 100_000 })
    const directory = join(folder, 'stopped')
    await invocation.until('some pairs were run', () => {
      return existsSync(join(directory, 'records.jsonl')) && readLines(directory).rounds.length >= 12
    })
    invocation.signalGroup('SIGINT')
    const { code, stderr } = await invocation.ended
    expect([code, stderr]).toEqual([130, expect.stringContaining('loopdyno calibrate --from stopped')])
    await invocation.gone()
    expect(existsSync(join(directory, 'calibration.json'))).toBe(false)
    const { code: judged, stdout } = await calibrate('--from', 'stopped', '--json')
    expect(judged).toBe(0)
    expect((JSON.parse(stdout) as Calibration).cells[0]!.pairs).toBeGreaterThan(1)
  })

  test('fails where a cell breaks down', async () => {
    const broken = ['-s', 'http-server', '--set', 'load=0.5', '--timeout', '1', '--window-ms', '60000']
    const { code, stdout } = await calibrate('-p', 'fifo', ...broken, '--no-control', '--out', 'broken')
    expect([code, stdout]).toEqual([4, expect.stringContaining('✗ http-server · fifo')])
  })
})

describe('calibrate in virtual time', { timeout: 60_000 }, () => {
  test('shows that there is no noise', async () => {
    const args = ['-p', 'fifo,priority', '-s', 'gather', '--time', 'virtual', '--out', 'virtual']
    const { code, stdout } = await calibrate(...args)
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 cells were run twice, 0 differ')])
    expect(readLines(join(folder, 'virtual')).rounds).toHaveLength(4)
  })
})

describe('calibrate refuses', { timeout: 60_000 }, () => {
  test.each([
    [['--plan', '5%'], '--plan takes a slowdown and the chance to find it, as in 5%@90%'],
    [['--plan', '5@90%'], 'takes a percentage'],
    [['--plan', '0%@90%'], 'neither may be 0 %'],
    [['--plan', '5%@100%'], 'no chance is 100 %'],
    [['--checks', '0'], '--checks'],
    [['--check-rounds', '0'], '--check-rounds takes a whole number'],
    [['--from', 'nowhere'], "No records.jsonl in 'nowhere'"],
    [['--from', 'nowhere', '-p', 'fifo'], 'leave --policy out'],
    [['--inject', '5%'], 'Unknown argument: inject'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await loopdyno(['calibrate', ...args], { cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
    expect(existsSync(join(folder, 'loopdyno-calibration'))).toBe(false)
  })

  test('the folder of a run', async () => {
    const args = ['run', '-p', 'fifo', '-s', 'gather', '--time', 'virtual', '--rounds', '1', '--out', 'run']
    expect(await loopdyno([...args, '--reporter', 'json'], { cwd: folder })).toMatchObject({ code: 0 })
    const { code, stderr } = await calibrate('--from', 'run')
    expect([code, stderr]).toEqual([2, expect.stringContaining("'run' is not the folder of a calibration")])
  })
})
