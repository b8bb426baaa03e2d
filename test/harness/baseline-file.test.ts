import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readBaseline, writeBaseline } from '../../harness/commands/baseline-file.ts'
import { type Baseline, baselineOf } from '../../harness/verdict/baseline.ts'
import { headerOf, plainCell, plainRound } from '../reports/fixture.ts'

vi.mock('node:fs', { spy: true })

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loopdyno-baseline-'))
})
afterEach(() => {
  vi.mocked(fs.renameSync).mockReset()
  vi.mocked(fs.fsyncSync).mockReset()
  rmSync(folder, { recursive: true })
})

function baselineWith(value: number): Baseline {
  const metrics = { 'gather.total': { value, unit: 'ns', better: 'lower' } as const }
  const rounds = [plainRound(plainCell(), 0, { metrics })]
  return baselineOf(
    { header: headerOf(['fifo'], [plainCell()], 1), rounds },
    { policies: ['fifo'], scenarios: ['web'], selectors: [], times: ['virtual'], settings: [] },
  )
}

const file = () => join(folder, 'loopdyno.baseline.json')
const isUsage = (text: string | RegExp) => ({
  name: 'UsageError',
  message: expect.stringMatching(text) as string,
})

/** What an attempt that must fail throws. */
function failureOf(attempt: () => unknown): unknown {
  try {
    attempt()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

describe('reading a baseline', () => {
  test('gives what was written', () => {
    writeBaseline(file(), baselineWith(1), { replace: false })
    expect(readBaseline(file())).toEqual(baselineWith(1))
  })

  test('that is not there says how to make one', () => {
    expect(failureOf(() => readBaseline(file()))).toMatchObject(
      isUsage(`There is no baseline '${file()}': make one with loopdyno baseline save --baseline ${file()}`),
    )
  })

  test('that is a folder, or a damaged file, names it', () => {
    expect(failureOf(() => readBaseline(folder))).toMatchObject(isUsage(`'${folder}' is a folder`))
    writeFileSync(file(), '{"schema": 1,')
    expect(failureOf(() => readBaseline(file()))).toMatchObject(isUsage(`${file()}: it is cut off`))
  })

  test('that cannot be read says why', () => {
    writeFileSync(file(), '{}')
    vi.mocked(fs.readFileSync).mockImplementationOnce(() => {
      throw new Error('EACCES: permission denied')
    })
    expect(failureOf(() => readBaseline(file()))).toMatchObject(
      isUsage('cannot be read: EACCES: permission denied'),
    )
  })
})

describe('writing a baseline', () => {
  test('over another is refused unless it is to be replaced', () => {
    writeBaseline(file(), baselineWith(1), { replace: false })
    expect(failureOf(() => writeBaseline(file(), baselineWith(2), { replace: false }))).toMatchObject(
      isUsage('already: replace it with loopdyno baseline update, or choose another file'),
    )
    expect(readBaseline(file())).toEqual(baselineWith(1))
    writeBaseline(file(), baselineWith(2), { replace: true })
    expect(readBaseline(file())).toEqual(baselineWith(2))
    expect(readdirSync(folder)).toEqual(['loopdyno.baseline.json'])
  })

  test.each([
    ['renameSync', fs.renameSync],
    ['fsyncSync', fs.fsyncSync],
  ] as const)(
    'that breaks off in %s leaves the old one, and nothing beside it',
    (_, call: (...given: never[]) => void) => {
      writeBaseline(file(), baselineWith(1), { replace: false })
      vi.mocked(call).mockImplementationOnce(() => {
        expect(readdirSync(folder)).toHaveLength(2) // it was written beside
        throw new Error('ENOSPC: no space left on device')
      })
      expect(failureOf(() => writeBaseline(file(), baselineWith(2), { replace: true }))).toMatchObject(
        isUsage('cannot be written: ENOSPC: no space left on device. Choose another file with --baseline'),
      )
      expect(readBaseline(file())).toEqual(baselineWith(1))
      expect(readdirSync(folder)).toEqual(['loopdyno.baseline.json'])
    },
  )

  test('is on the disk before it takes the place of the old one', () => {
    const order: string[] = []
    vi.mocked(fs.fsyncSync).mockImplementationOnce(() => void order.push('fsync'))
    vi.mocked(fs.renameSync).mockImplementationOnce(() => void order.push('rename'))
    writeBaseline(file(), baselineWith(1), { replace: false })
    expect(order).toEqual(['fsync', 'rename'])
  })

  test.each([true, false])('through a link writes what it points to (there already: %s)', (there) => {
    mkdirSync(join(folder, 'elsewhere'))
    const target = join(folder, 'elsewhere', 'real.json')
    if (there) writeBaseline(target, baselineWith(1), { replace: false })
    symlinkSync(join('elsewhere', 'real.json'), file())
    writeBaseline(file(), baselineWith(2), { replace: there })
    expect(lstatSync(file()).isSymbolicLink()).toBe(true)
    expect(readBaseline(target)).toEqual(baselineWith(2))
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['real.json'])
  })

  test('into a folder that is not there, or that takes no files, is refused', () => {
    const nowhere = join(folder, 'nowhere', 'b.json')
    expect(failureOf(() => writeBaseline(nowhere, baselineWith(1), { replace: false }))).toMatchObject(
      isUsage('cannot be written: ENOENT'),
    )
    expect(failureOf(() => writeBaseline('/proc/b.json', baselineWith(1), { replace: false }))).toMatchObject(
      isUsage('cannot be written: '),
    )
  })

  test('in the place of a folder or of a pipe is refused', () => {
    expect(failureOf(() => writeBaseline(folder, baselineWith(1), { replace: true }))).toMatchObject(
      isUsage('is no file'),
    )
    execFileSync('mkfifo', [file()])
    expect(failureOf(() => writeBaseline(file(), baselineWith(1), { replace: true }))).toMatchObject(
      isUsage('is no file'),
    )
    expect(lstatSync(file()).isFIFO()).toBe(true)
  })

  test('ends its last line, so that git shows no missing line end', () => {
    writeBaseline(file(), baselineWith(1), { replace: false })
    expect(readFileSync(file(), 'utf8').endsWith('}\n')).toBe(true)
  })
})
