/** The architecture, checked over the real files: who may import whom, and what may stand in a file at all. */
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RULES } from './harness/layout-rules.ts'
import {
  cycles,
  internalImports,
  isBarrel,
  readAll,
  usesAmbient,
  VAGUE_NAME,
  violations,
} from './harness/source-files.ts'

const SOURCES = ['harness', 'policies', 'scenarios', 'reports']
const LONGEST_FILE_LINES = 400

/** Cycles of types, gone at run time: parts that are one subject. */
const TYPE_CYCLES = [
  // The contracts speak of loops and tasks, and those of contracts.
  /^harness\/(contracts\.ts|errors\.ts|loop\/.*)$/,
  // A world's network delivers to its selectors, which hand out that network.
  /^harness\/(selectors\/simulated\.ts|world\/.*)$/,
]

/** Time, chance and the date come from outside in these places only. */
const AMBIENT: Record<string, string> = {
  'harness/loop/clock.ts': 'the clock is where time is read',
  'harness/measure/ambient.ts': 'the traps name what they are set for',
  'harness/loop/thread-gate-worker.ts':
    'threads share one clock: performance.now counts from the start of each',
  'harness/measure/runner.ts': 'how long a round took, for the record and the progress line',
  'harness/commands/executing.ts': 'when the run was started, for the record',
  'harness/commands/comparing.ts': 'when the comparison was started, for the record',
  'harness/commands/progress.ts': 'the time left, for people',
  'scenarios/three-models/blocking.ts': 'threads and processes have no loop whose clock they could read',
}

describe('the source files', () => {
  const files = readAll(SOURCES)
  const imports = internalImports(files)

  test('are found, and so are their imports', () => {
    expect(files.size).toBeGreaterThan(80)
    expect(imports.length).toBeGreaterThan(200)
    expect(imports.filter(({ to }) => !files.has(to))).toEqual([])
  })

  test.each(RULES.map((rule) => [rule.folder, rule] as const))(
    'in %s import only what they may',
    (_, rule) => {
      expect(violations(imports, [rule])).toEqual([])
    },
  )

  test('do not import the command line', () => {
    expect(imports.filter(({ to }) => to === 'harness/cli.ts')).toEqual([])
  })

  test('import commands from the command line only', () => {
    const outside = imports.filter(
      ({ from, to }) => to.startsWith('harness/commands/') && !/^harness\/(cli\.ts|commands\/)/.test(from),
    )
    expect(outside).toEqual([])
  })

  test('in harness/ do not import plug-ins, which the catalog finds by name', () => {
    const direct = imports.filter(
      ({ from, to }) => from.startsWith('harness/') && /^(policies|scenarios|reports)\//.test(to),
    )
    expect(direct.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  test('that measure know nothing of verdicts', () => {
    const known = imports.filter(
      ({ from, to }) => from.startsWith('harness/measure/') && to.startsWith('harness/verdict/'),
    )
    expect(known).toEqual([])
  })

  test('have no cycles at run time', () => {
    expect(cycles(imports.filter(({ type }) => !type))).toEqual([])
  })

  test('have cycles of types only where the parts are one subject', () => {
    const strange = cycles(imports).filter(
      (group) => !TYPE_CYCLES.some((known) => group.every((file) => known.test(file))),
    )
    expect(strange).toEqual([])
  })

  test('hold no barrels but the public entry', () => {
    const barrels = [...files].filter(([, text]) => isBarrel(text)).map(([path]) => path)
    expect(barrels).toEqual(['harness/api.ts'])
  })

  test('read time, chance and the date only where it is listed, and all that is listed do', () => {
    const ambient = [...files].filter(([, text]) => usesAmbient(text)).map(([path]) => path)
    expect(ambient).toEqual(Object.keys(AMBIENT).toSorted())
  })
})

describe('all files, tests as well', () => {
  const files = readAll([...SOURCES, 'test'])

  test('say in their name what they are about', () => {
    expect([...files.keys()].filter((path) => VAGUE_NAME.test(basename(path)))).toEqual([])
  })

  test(`have at most ${LONGEST_FILE_LINES} lines`, () => {
    const long = [...files].filter(([, text]) => text.split('\n').length > LONGEST_FILE_LINES)
    expect(long.map(([path]) => path)).toEqual([])
  })
})
