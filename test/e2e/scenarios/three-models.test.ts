import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { readLines, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()

const SMALL = [
  'three-models.waitMs=10',
  'three-models.computeMs=2',
  'io-or-cpu.workers=2',
  'io-or-cpu.jobs=4',
  'io-or-cpu.durationMs=60',
  'io-or-cpu.longMs=20',
  'server-models.requests=2',
]

const OUT = ['--out', 'all', '--reporter', 'table,png,json']

const CHARTS = [
  'three-models-real-epoll-who-runs-and-who-waits.png',
  'io-or-cpu-real-epoll-requests-beside-a-long-computation.png',
]

describe.runIf(process.platform === 'linux')(
  'the scenarios of threads and processes',
  { timeout: 60_000 },
  () => {
    test('run compiled, keep their promises, and draw who ran and who waited', async () => {
      const names = ['three-models', 'io-or-cpu', 'server-models']
      const sets = SMALL.flatMap((each) => ['--set', each])
      const args = ['run', '-s', names.join(','), '-p', 'priority', '-r', '1', ...sets]
      const { code, stdout, stderr } = await loopdyno([...args, ...OUT], { cwd: folder })
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('failed')])
      const { rounds } = readLines(join(folder, 'all'))
      expect(
        rounds.map(({ cell, status }) => `${cell.scenario} ${cell.policy} ${status}`).toSorted(),
      ).toEqual(names.map((name) => `${name} priority ok`).toSorted())
      for (const title of [
        'The same tasks in three models',
        'Jobs that wait, and jobs that compute',
        'Requests beside one long computation',
        'What a request costs the server',
      ])
        expect(stdout).toContain(title)
      for (const chart of CHARTS) expect(existsSync(join(folder, 'all', 'charts', chart))).toBe(true)
    })
  },
)
