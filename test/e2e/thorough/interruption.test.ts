import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno, pause } from '../cli.ts'
import { fixture, readLines, readSummary, recordsText, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const LONG = ['-s', 'gather', '--set', 'tasks=300', '--set', 'maxMs=80']
const NEVER_RETURNS = ['run', '-p', fixture('never-returns'), ...LONG]

/** Four rounds of two processes each. */
const SERVED = ['-p', 'fifo,priority', '-s', 'http-server', '--rounds', '2', '--time', 'real']
const RUN = ['run', ...SERVED, '--set', 'durationMs=300', '--set', 'warmupMs=20', '--reporter', 'json']

function lineCount(directory: string): number {
  return existsSync(join(directory, 'records.jsonl')) ? recordsText(directory).split('\n').length - 1 : 0
}

/** A run that has recorded a round and is in the middle of the next, with server and driver at work. */
async function inTheMiddle(out: string): Promise<Invocation> {
  const run = new Invocation([...RUN, '--out', out], { cwd: folder })
  await run.until('a round was recorded', () => lineCount(join(folder, out)) >= 2)
  await run.until('server and driver ran', () => run.children().length === 2)
  return run
}

/** Which rounds are recorded, by policy. */
function roundsIn(directory: string): string[] {
  return readLines(directory)
    .rounds.map(({ cell, round }) => `${cell.policy} ${round}`)
    .sort()
}

/** Every file of a folder with its bytes. */
function contents(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'base64')]))
}

const ALL_ROUNDS = ['fifo 0', 'fifo 1', 'priority 0', 'priority 1']

describe.runIf(process.platform === 'linux')('a run that is killed', { timeout: 90_000 }, () => {
  test.concurrent('leaves no child, keeps its records, and goes on where it was', async () => {
    const directory = join(folder, 'killed')
    const run = await inTheMiddle('killed')
    run.signal('SIGKILL')
    expect((await run.ended).code).toBe(null)
    await run.gone()
    // As if the kill had come in the middle of a line.
    const whole = recordsText(directory)
    appendFileSync(join(directory, 'records.jsonl'), '{"kind":"round","cell":{"policy":"fi')

    const report = await loopdyno(['report', 'killed', '--reporter', 'json'], { cwd: folder })
    expect(report.stderr).toContain('cut off')
    const left = statuses(readSummary(directory)).filter((each) => each.includes('No round was recorded'))
    expect(report.code).toBe(left.length > 0 ? 4 : 0)

    const resumed = await loopdyno([...RUN, '--out', 'killed', '--resume'], { cwd: folder })
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('cut off')])
    expect(recordsText(directory).startsWith(whole)).toBe(true)
    expect(roundsIn(directory)).toEqual(ALL_ROUNDS)
    expect(readSummary(directory).cells.map(({ rounds, status }) => [rounds, status])).toEqual([
      [2, 'ok'],
      [2, 'ok'],
    ])
  })

  test.concurrent('leaves no child even where a policy never gives the loop back', async () => {
    const run = new Invocation([...NEVER_RETURNS, '--time', 'virtual', '-j', '1', '--out', 'stuck'], {
      cwd: folder,
    })
    await run.until('the child ran', () => run.children().length === 1)
    const child = run.children()[0]!
    await run.until('the child was caught in its loop', () => processorSeconds(child) > 1)
    run.signal('SIGKILL')
    await run.gone()
  })
})

/** User time of a process so far, as the kernel counts it: in hundredths of a second. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  return Number(fields[11]) / 100
}

describe('resuming', { timeout: 90_000 }, () => {
  const args = ['run', '-s', 'gather', '--set', 'tasks=20', '--time', 'virtual', '--reporter', 'json']
  const flags = ['-p', 'fifo,priority', '--rounds', '2']

  test.concurrent('gives what the whole run gave, and does nothing where all is done', async () => {
    const directory = join(folder, 'virtual')
    const all = [...args, ...flags, '--out', 'virtual']
    expect((await loopdyno(all, { cwd: folder })).code).toBe(0)
    const whole = recordsText(directory)
    const summary = readFileSync(join(directory, 'summary.json'), 'utf8')
    const lines = whole.split('\n')
    const cut = lines.slice(0, 3).join('\n').concat('\n', lines[3]!.slice(0, 99))
    writeFileSync(join(directory, 'records.jsonl'), cut)

    const resumed = await loopdyno([...all, '--resume'], { cwd: folder })
    expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining('cut off')])
    expect(recordsText(directory).startsWith(lines.slice(0, 3).join('\n'))).toBe(true)
    expect(roundsIn(directory)).toEqual(ALL_ROUNDS)
    expect(readFileSync(join(directory, 'summary.json'), 'utf8')).toBe(summary)

    const before = contents(directory)
    expect((await loopdyno([...all, '--resume'], { cwd: folder })).code).toBe(0)
    expect(contents(directory)).toEqual(before)
  })

  test.concurrent('refuses a run with other flags and changes nothing', async () => {
    const directory = join(folder, 'other')
    expect(
      (await loopdyno([...args, '-p', 'fifo', '--rounds', '1', '--out', 'other'], { cwd: folder })).code,
    ).toBe(0)
    const before = contents(directory)
    const others = [
      ['-p', 'fifo,priority', '--rounds', '1'],
      ['-p', 'fifo', '--rounds', '1', '--seed', '5'],
      ['-p', 'fifo', '--rounds', '1', '--set', 'minMs=1'],
    ]
    for (const other of others) {
      const resumed = await loopdyno([...args, ...other, '--out', 'other', '--resume'], { cwd: folder })
      expect([resumed.code, resumed.stdout]).toEqual([2, ''])
      // The message holds the command line that would have been right.
      expect(resumed.stderr).toContain('npx loopdyno run -s gather --set tasks=20')
      expect(contents(directory)).toEqual(before)
    }
  })
})

describe.runIf(process.platform === 'linux')('a signal', { timeout: 90_000 }, () => {
  const cases = [
    ['SIGINT', 130, 'to the command alone'],
    ['SIGTERM', 143, 'to the command alone'],
    ['SIGINT', 130, 'to all its processes, as Ctrl-C sends it'],
  ] as const

  test.concurrent.each(cases)('%s ends the run with %i, sent %s', async (name, code, whom) => {
    const out = `${name}-${whom.length}`
    const run = await inTheMiddle(out)
    const recorded = recordsText(join(folder, out))
    if (whom.startsWith('to all')) run.signalGroup(name)
    else run.signal(name)
    const result = await run.ended
    expect(result.code).toBe(code)
    await run.gone()
    expect(result.stderr).toMatch(/\d+ rounds? .*go on with: npx loopdyno run .* --resume/)
    expect(result.stdout).toBe('')
    // What the signal cut short is no result. A round that ended just before it is one.
    const after = recordsText(join(folder, out))
    expect(after.startsWith(recorded)).toBe(true)
    expect(readLines(join(folder, out)).rounds.map(({ status }) => status)).not.toContain('failed')
  })

  test.concurrent('ends a policy that never gives the loop back', async () => {
    const run = new Invocation([...NEVER_RETURNS, '--out', 'hung'], { cwd: folder })
    await run.until('the child ran', () => run.children().length === 1)
    await pause(700)
    run.signal('SIGINT')
    expect((await run.ended).code).toBe(130)
    await run.gone()
  })
})
