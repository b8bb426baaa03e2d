import { describe, expect, test } from 'vitest'
import { loopdyno } from './cli.ts'
import { cellOf, fixture, parseSummary, readLines, temporaryFolder } from './folders.ts'

const folder = temporaryFolder()

/** What each fixture does wrong: the status of its cell and the finding that names the fault. */
const FAULTS: readonly (readonly [name: string, status: string, kind: string, names: RegExp])[] = [
  ['throws-in-push', 'failed', 'policy-error', /push threw: the push of this policy is broken/],
  ['throws-in-shift', 'failed', 'policy-error', /shift threw: the shift of this policy is broken/],
  ['loses-handles', 'failed', 'lost', /lost \d+ of \d+ ready handles/],
  ['returns-twice', 'failed', 'twice', /handle \d+ \(sleeper\)/],
  ['withholds', 'failed', 'withheld', /returned undefined while holding \d+/],
  ['exits', 'failed', 'exited', /exited with code 0/],
  ['never-returns', 'timeout', 'stuck', /in shift \(fixtures\/never-returns\.ts:19\)/],
]

const SMALL = ['-s', 'gather', '--set', 'tasks=300', '--set', 'minMs=1', '--set', 'maxMs=50', '--json']

function run(out: string, policies: readonly string[], args: readonly string[]) {
  const names = policies.map(fixture).join(',')
  return loopdyno(['run', '-p', `fifo,${names}`, ...SMALL, '--reporter', 'json', '--out', out, ...args], {
    cwd: folder,
  })
}

describe('a misbehaving policy costs its own cell and nothing else', { timeout: 90_000 }, () => {
  test.concurrent.each(['real', 'virtual'])('in %s time', async (time) => {
    // Waiting for the time limit costs seconds of processor time, and is the same in both kinds of time.
    const faults = FAULTS.filter(([, status]) => time === 'real' || status !== 'timeout')
    const names = faults.map(([name]) => name)
    const args = ['--time', time, '--timeout', '4', '--rounds', '2']
    const { code, stdout, stderr } = await run(time, names, args)
    const summary = parseSummary(stdout)
    for (const [name, status, kind, message] of faults) {
      const cell = cellOf(summary, fixture(name))
      expect([name, cell.status, cell.findings.map((finding) => finding.kind)]).toEqual([
        name,
        status,
        [kind],
      ])
      expect(cell.findings[0]!.message).toMatch(message)
      expect(cell.reason).toBe(cell.findings[0]!.message)
      expect([cell.rounds, cell.metrics]).toEqual([1, {}]) // decided after one round of two
    }
    const { status, rounds, findings } = cellOf(summary, 'fifo')
    expect({ status, rounds, findings }).toEqual({ status: 'ok', rounds: 2, findings: [] })
    expect(readLines(`${folder}/${time}`).rounds).toHaveLength(2 + faults.length)
    expect([code, stderr]).toEqual([4, expect.not.stringMatching(/^ {4}at /m)])
  })

  test.concurrent('one that leaks memory is ended by a limit, not by the machine', async () => {
    const { code, stdout } = await run(
      'leak',
      ['leaks'],
      ['--rounds', '1', '--timeout', '60', '--time', 'real'],
    )
    const summary = parseSummary(stdout)
    const { status, findings } = cellOf(summary, fixture('leaks'))
    expect([status, findings[0]]).toEqual([
      'failed',
      expect.objectContaining({ kind: 'memory', fatal: true }),
    ])
    expect(findings[0]!.message).toMatch(/memory.*GiB/)
    expect([cellOf(summary, 'fifo').status, code]).toEqual(['ok', 4])
  })
})
