import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { readLines, readSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const RUN = ['run', '-s', 'files', '--rounds', '1', '--reporter', 'json']

describe.runIf(process.platform === 'linux')('files', { timeout: 60_000 }, () => {
  test('leaves no process where it is ended, and the next run removes what it had to leave', async () => {
    const TMPDIR = join(folder, 'temporary')
    mkdirSync(TMPDIR)
    const options = { cwd: folder, env: { TMPDIR } }
    const folders = () => readdirSync(TMPDIR).filter((name) => name.startsWith('loopdyno-files-'))

    const killed = new Invocation([...RUN, '-p', 'fifo', '--set', 'files=20000', '--out', 'killed'], options)
    await killed.until('it worked on its files', () => folders().length > 0)
    killed.signal('SIGTERM')
    await killed.ended
    await killed.gone()

    const policies = ['-p', 'priority,node', '--set', 'files=40', '--set', 'quietMs=20']
    const next = await loopdyno([...RUN, ...policies, '--out', 'next'], options)
    expect([next.code, folders()]).toEqual([0, []])
    expect(statuses(readSummary(join(folder, 'next'))).every((each) => each.endsWith(': ok'))).toBe(true)
    for (const { metrics } of readLines(join(folder, 'next')).rounds) {
      expect(metrics['files.written']?.value).toBe(80)
    }
  })
})
