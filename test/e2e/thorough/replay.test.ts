import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { loopdyno } from '../cli.ts'
import { cellOf, parseSummary, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()

/** Three jobs on one server: `b` is urgent and short, and comes while `a` is served. */
const TRACE = 'arrival_us,class,service_us,deadline_us\n0,a,100,1000\n10,a,50,1000\n20,b,10,60\n'
const HEADER = 'arrival_us,class,service_us\n'
const packed = gzipSync(TRACE)

const FILES: Record<string, string | Buffer> = {
  'trace.csv': TRACE,
  'trace.csv.gz': packed,
  'trace.jsonl': '{"t":1,"route":"a","took":0.1}\n{"t":1.01,"route":"b","took":0.01}\n',
  'no-column.csv': 'arrival_us,class\n0,a\n',
  'text.csv': `${HEADER}0,a,ten\n`,
  'negative.csv': `${HEADER}0,a,-5\n`,
  'descending.csv': `${HEADER}5,a,1\n4,a,1\n`,
  'empty.csv': '',
  'truncated.csv.gz': packed.subarray(0, packed.length - 12),
  'long.csv': `${HEADER}0,a,1\n0,${'x'.repeat(3_000_000)},1\n`,
}
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content)

function replay(...args: string[]) {
  return loopdyno(['replay', ...args], { cwd: folder })
}

async function sojourns(...args: string[]): Promise<Record<string, number>> {
  const { code, stdout, stderr } = await replay(
    ...args,
    '--json',
    '--reporter',
    'json',
    '--out',
    `out-${args.join('')}`,
  )
  expect(code, stderr).toBe(0)
  const means = parseSummary(stdout).cells.map((cell) => [
    cell.policy,
    cell.metrics['sojourn.mean']!.value / 1e3,
  ])
  return Object.fromEntries(means)
}

describe('replay', () => {
  test('tells what the trace is, and compares policies to the last microsecond', async () => {
    const { code, stdout, stderr } = await replay(
      ...['trace.csv.gz', '-p', 'fifo,priority,edf,sjf', '--classes', 'a=1,b=0', '--json', '--out', 'out'],
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('3 jobs over 20')])
    expect(stderr).toContain('classes: a 2, b 1')
    const summary = parseSummary(stdout)
    const us = (policy: string, metric: string) => cellOf(summary, policy).metrics[metric]!.value / 1e3
    // First come: 100, 140, 140. The urgent one second: 100, 90, 150.
    expect(us('fifo', 'sojourn.mean')).toBeCloseTo(380 / 3, 3)
    for (const policy of ['priority', 'edf', 'sjf']) {
      expect(us(policy, 'sojourn.mean')).toBeCloseTo(340 / 3, 3)
      expect(us(policy, 'sojourn.b.max')).toBe(90)
    }
    const { metrics } = cellOf(summary, 'fifo')
    expect(metrics['deadlineMisses.b']).toMatchObject({ value: 1, unit: 'ratio' })
    expect(metrics['deadlineMisses.a']!.value).toBe(0)
    // Little: the area under the queue is the sum of all sojourns, over the 160 µs that it lasts.
    expect(metrics['queueLength.mean']!.value).toBeCloseTo(380 / 160, 9)
    expect(metrics['queueLength.max']!.value).toBe(3)
    for (const file of ['index.html', 'report.md', 'summary.json', 'records.jsonl']) {
      expect(existsSync(join(folder, 'out', file)), file).toBe(true)
    }
  })

  test('maps columns and units, and says that classes were not told apart', async () => {
    const { code, stderr } = await replay(
      ...[
        'trace.jsonl',
        '--columns',
        'arrival=t:s,class=route,service=took:ms',
        '-p',
        'fifo',
        '--out',
        'mapped',
      ],
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining("--classes 'a=0,b=1'")])
    expect(stderr).toContain('2 jobs over 10')
  })

  test('speeds arrivals up, and slices jobs', async () => {
    expect(await sojourns('trace.csv', '-p', 'fifo', '--speed', '2')).toEqual({ fifo: (100 + 145 + 150) / 3 })
    const sliced = await sojourns('trace.csv', '-p', 'fifo,sjf', '--slice', '10us')
    // Shortest remaining first: b at 20 for 10 µs, then the 50 of the second, then what is left of the first.
    expect(sliced.sjf).toBeCloseTo((160 + 60 + 10) / 3, 3)
    expect(sliced.fifo).toBeLessThan(380 / 3)
  })

  test('hides how long jobs take, if it is told to: shortest first is then first come', async () => {
    const { sjf, fifo } = await sojourns('trace.csv', '-p', 'fifo,sjf', '--undeclared')
    expect(sjf).toBe(fifo)
  })

  test('charges what a loop costs', async () => {
    const { fifo } = await sojourns('trace.csv', '-p', 'fifo', '--dispatch-ns', '1000', '--poll-ns', '0')
    // Each pays for its own dispatch, and waits for those before it.
    expect(fifo).toBeCloseTo((380 + 1 + 2 + 3) / 3, 3)
  })
})

test('jobs of days, classes that no file name can tell apart, and all percentiles', async () => {
  const day = 86_400e6
  writeFileSync(join(folder, 'odd.csv'), `${HEADER}0,日本,${20 * day}\n1,é|x,1\n2,../x,1\n`)
  const { code, stdout, stderr } = await replay('odd.csv', '-p', 'fifo', '--out', 'odd')
  expect([code, stderr]).toEqual([0, expect.stringContaining('3 jobs')])
  for (const words of ['Sojourn, arrival to done', 'p999', '../x']) expect(stdout).toContain(words)
  const links = [...readFileSync(join(folder, 'odd', 'report.md'), 'utf8').matchAll(/\((charts\/[^)]+)\)/g)]
  expect(links.length).toBeGreaterThan(5)
  expect(new Set(links.map(([, path]) => path)).size).toBe(links.length)
})

test('is not resumed with another trace, nor beside another run', async () => {
  writeFileSync(join(folder, 'changing.csv'), TRACE)
  const args = ['changing.csv', '-p', 'fifo', '--reporter', 'json', '--out', 'changing']
  expect((await replay(...args)).code).toBe(0)
  writeFileSync(join(folder, 'changing.csv'), TRACE.replace('20,b,10', '30,b,10'))
  const resumed = await replay(...args, '--resume')
  expect([resumed.code, resumed.stderr]).toEqual([2, expect.stringContaining('other cells')])
  writeFileSync(join(folder, 'changing', '.loopdyno.lock'), String(process.pid))
  const beside = await replay(...args)
  expect([beside.code, beside.stderr]).toEqual([2, expect.stringContaining('Another run')])
  // A run that was killed holds nobody up.
  writeFileSync(join(folder, 'changing', '.loopdyno.lock'), '4194305')
  expect((await replay(...args)).code).toBe(0)
  expect(existsSync(join(folder, 'changing', '.loopdyno.lock'))).toBe(false)
})

describe('a trace that cannot be used ends with 2 and leaves nothing', () => {
  test.concurrent.each([
    ['no-column.csv', 'no-column.csv:1', "'service_us'", '--columns'],
    ['text.csv', 'text.csv:2', "'ten'", 'decimal'],
    ['negative.csv', 'negative.csv:2', "'-5'", 'not negative'],
    ['descending.csv', 'descending.csv:3', '4 us', '5 us', 'sort'],
    ['empty.csv', 'empty.csv', 'empty'],
    ['truncated.csv.gz', 'truncated.csv.gz', 'cut off', 'gzip'],
    ['long.csv', 'long.csv:3', '1 MiB'],
    ['nowhere.csv', 'nowhere.csv', 'no such file'],
    ['trace.csv --classes a=0,a=1', '--classes', "'a'", 'twice'],
    ['trace.csv --columns time=t', "'time'", 'arrival'],
    ['trace.csv -p edg', "policy 'edg'", "did you mean 'edf'?"],
    ['trace.csv --world latency', '--world', 'key=value'],
    ['trace.csv --slice soon', "'slice'", 'duration'],
    ['trace.csv --classes a=0', 'trace.csv:4', "'b'", '--classes'],
    ['trace.csv --classes a', '--classes', 'NAME=PRIORITY', "'a'"],
    ['trace.csv --speed 0', "'speed'", 'above 0'],
    ['trace.csv --slice 1ns', "'slice'", '100ns'],
    ['trace.jsonl', 'trace.jsonl:1', "'arrival_us'", '--columns'],
    ['trace.csv --dispatch-ns much', '--dispatch-ns', "'much'", 'measured'],
    ['trace.csv --world latncy=1ms', "'latncy'", "did you mean 'latency'?"],
  ])('%s', async (command, ...names) => {
    const out = `refused-${command.replace(/\W+/g, '-')}`
    const { code, stdout, stderr } = await replay(...command.split(' '), '--out', out)
    expect([code, stdout]).toEqual([2, ''])
    for (const name of names) expect(stderr).toContain(name)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(join(folder, out))).toBe(false)
  })

  test('run -s replay says which command takes a trace', async () => {
    const { code, stderr } = await loopdyno(['run', '-s', 'replay'], { cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringContaining('loopdyno replay FILE')])
  })
})
