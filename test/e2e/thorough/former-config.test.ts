/** A check against a git ref takes what the ref's own config file says for the old side. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CheckReport } from '../../../harness/verdict/check-report.ts'
import { TestRepository } from '../../harness/git-repository.ts'
import { FIFO, readCheck, run } from '../checks.ts'

const CONFIG = 'loopdyno.config.ts'

/** A policy with one option. */
function withOption(name: string): string {
  return FIFO.replace("summary: 'For tests'", "summary: 'For tests', options").replace(
    'export default',
    `import { z } from 'zod'\nconst options = z.object({ ${name}: z.coerce.number().default(1).describe('o') })\nexport default`,
  )
}

function config(policy: string, items: number, more = ''): string {
  return `export default {
  policies: ['${policy}', 'fifo'], scenarios: ['pipeline'], times: ['virtual'], set: { items: ${items} }, ${more}
}
`
}

function committed(files: Readonly<Record<string, string>>): {
  readonly cwd: string
  readonly label: string
} {
  const repository = new TestRepository()
  const commit = repository.commit(files)
  return { cwd: repository.root, label: `HEAD (${commit.slice(0, 7)})` }
}

async function checked(cwd: string, flags = ''): Promise<CheckReport> {
  const { code, stderr } = await run(`check --against HEAD --reporter json ${flags}`, { cwd })
  expect(code, stderr).toBeLessThan(2)
  return readCheck(join(cwd, 'loopdyno-check'))
}

/** Without what is said of files that are not committed. */
function notesOf({ notes }: CheckReport): readonly string[] {
  return notes.filter((note) => !note.startsWith('The working tree has changes'))
}

describe('a config file of the ref', { timeout: 60_000 }, () => {
  test('gives the old side the options and parameters that it had, and the new one those that it has', async () => {
    const { cwd, label } = committed({
      'mine.ts': withOption('batch'),
      [CONFIG]: config('./mine.ts:batch=4', 60),
    })
    writeFileSync(join(cwd, CONFIG), config('./mine.ts:batch=2', 80, "world: { latency: '1ms' }"))
    const report = await checked(cwd)
    expect(report.cells).toMatchObject([
      {
        cell: { policy: './mine.ts:batch=2', params: { items: 80 } },
        oldCell: { policy: './mine.ts:batch=4', params: { items: 60 } },
      },
      { cell: { policy: 'fifo', params: { items: 80 } }, oldCell: { policy: 'fifo', params: { items: 60 } } },
    ])
    expect(notesOf(report)).toEqual([
      `${CONFIG} has another world in ${label}: both sides run in the working tree's`,
      `./mine.ts:batch=2 is compared with ./mine.ts:batch=4 of ${label}`,
      `pipeline runs with items=80, and with items=60 in ${label}`,
    ])
    const { old, new: now } = report.comparison
    const hashes = [old, now].map(({ files }) => files.find(({ path }) => path === CONFIG)?.sha256)
    expect(new Set(hashes).size).toBe(2)
    expect(hashes).not.toContain(undefined)
  })

  test('gives way to flags, which go for both sides', async () => {
    const { cwd } = committed({ 'mine.ts': withOption('batch'), [CONFIG]: config('./mine.ts:batch=4', 60) })
    writeFileSync(join(cwd, CONFIG), config('./mine.ts:batch=2', 80))
    const report = await checked(cwd, '-p ./mine.ts:batch=3 --set items=70')
    expect(report.cells).toMatchObject([{ cell: { policy: './mine.ts:batch=3', params: { items: 70 } } }])
    expect(report.cells[0]).not.toHaveProperty('oldCell')
    expect(notesOf(report)).toEqual(['Both sides run the same code: what differs between them is noise'])
  })

  test('may name an option that only the policy of then has', async () => {
    const { cwd } = committed({ 'mine.ts': withOption('before'), [CONFIG]: config('./mine.ts:before=4', 60) })
    writeFileSync(join(cwd, 'mine.ts'), withOption('after'))
    writeFileSync(join(cwd, CONFIG), config('./mine.ts:after=4', 60))
    const { cells, verdict } = await checked(cwd)
    expect(verdict).toBe('pass')
    expect(cells[0]).toMatchObject({
      cell: { policy: './mine.ts:after=4' },
      oldCell: { policy: './mine.ts:before=4' },
      exact: { same: true },
    })
  })

  test('has several policies of the name: both sides run those of now, and it is said', async () => {
    const policies = (...batches: number[]) =>
      config(batches.map((batch) => `./mine.ts:batch=${batch}`).join("', '"), 60)
    const { cwd, label } = committed({ 'mine.ts': withOption('batch'), [CONFIG]: policies(4, 8) })
    writeFileSync(join(cwd, CONFIG), policies(4, 2))
    const report = await checked(cwd)
    expect(report.cells.map(({ oldCell }) => oldCell)).toEqual([undefined, undefined, undefined])
    expect(notesOf(report)).toContain(
      `${CONFIG} in ${label} has no policy that ./mine.ts:batch=2 is clearly the successor of: both sides run it with these options`,
    )
  })

  test('is not there: both sides take the one that is, and it is said', async () => {
    const { cwd, label } = committed({ 'mine.ts': FIFO })
    writeFileSync(join(cwd, CONFIG), config('./mine.ts', 60))
    expect(notesOf(await checked(cwd))).toContain(
      `${label} has no ${CONFIG}: both sides take the working tree's`,
    )
  })

  test('cannot be read: the ref is named, and how to do without', async () => {
    const { cwd, label } = committed({ 'mine.ts': FIFO, [CONFIG]: 'export default { policys: [] }' })
    writeFileSync(join(cwd, CONFIG), config('./mine.ts', 60))
    const { code, stderr } = await run('check --against HEAD', { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(`In ${label}, ${CONFIG}: `)
    expect(stderr).toContain('policys')
    expect(stderr).toContain('--no-config compares without it')
    expect(stderr).not.toContain('loopdyno-ref-')
  })

  test('sets what the scenario no longer takes: the ref is named as well', async () => {
    const older = config('./mine.ts', 60).replace('items: 60', 'things: 60')
    const { cwd, label } = committed({ 'mine.ts': FIFO, [CONFIG]: older })
    writeFileSync(join(cwd, CONFIG), config('./mine.ts', 60))
    const { code, stderr } = await run('check --against HEAD', { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(`In ${label}, ${CONFIG}: No parameter 'things' in pipeline`)
  })
})
