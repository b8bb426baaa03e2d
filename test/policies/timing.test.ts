import { describe, expect, test } from 'vitest'
import type { LoopObserver } from '../../harness/contracts.ts'
import type { Loop } from '../../harness/loop/loop.ts'
import { simulate } from '../world/simulate.ts'

const CLASSES = { interactive: { priority: 0 }, batch: { priority: 10 } }

/** Figures that can be worked out by hand: everything is ready at 0 and runs one after the other. */
async function program(loop: Loop): Promise<void> {
  const asBatch = { className: 'batch' }
  loop.callAt(
    1000,
    function crunch() {
      loop.work(300)
    },
    asBatch,
  )
  loop.callAt(
    1000,
    function crunch() {
      loop.work(500)
    },
    asBatch,
  )
  loop.callAt(
    1000,
    function answer() {
      loop.work(200)
    },
    { className: 'interactive' },
  )
  loop.spawn(async function idle() {})
  await loop.sleep(2000)
}

async function timed(policy: string): Promise<LoopObserver> {
  const { loop } = await simulate(policy, program, { classes: CLASSES })
  return [...loop.observers.active].find((observer) => observer.name === 'timing')!
}

function rowsOf(observer: LoopObserver, title: string) {
  return observer.tables!().find((table) => table.title === title)!.rows
}

describe('timing', () => {
  test('knows how often, how long and after what wait each callback ran, first come first served', async () => {
    const rows = rowsOf(await timed('timing'), 'Time by callback')
    // name, count, total run, mean run, longest run, mean wait
    expect(rows).toContainEqual(['crunch', 2, 800, 400, 500, (0 + 300) / 2])
    expect(rows).toContainEqual(['answer', 1, 200, 200, 200, 800])
    expect(rows[0]![0]).toBe('crunch')
  })

  test('knows the same of a wrapped policy, whose order it keeps', async () => {
    const rows = rowsOf(await timed('timing:inner=priority'), 'Time by callback')
    expect(rows).toContainEqual(['answer', 1, 200, 200, 200, 0])
    expect(rows).toContainEqual(['crunch', 2, 800, 400, 500, (200 + 500) / 2])
  })

  test('sums up by class', async () => {
    const rows = rowsOf(await timed('timing'), 'Time by class')
    expect(rows).toContainEqual(['batch', 2, 800, 400, 500, 150])
    expect(rows).toContainEqual(['interactive', 1, 200, 200, 200, 800])
  })

  test('counts tasks, handles and the time they held the loop', async () => {
    const metrics = (await timed('timing')).metrics!()
    expect(metrics['timing.tasks']).toEqual({ value: 2, unit: 'count', better: 'neither' })
    expect(metrics['timing.execution']!.value).toBe(1000)
    const byClass = rowsOf(await timed('timing'), 'Time by class')
    const handles = byClass.reduce((sum, row) => sum + (row[1] as number), 0)
    expect(metrics['timing.handles']!.value).toBe(handles)
  })

  test('says each row of a table has a cell for each column', async () => {
    const observer = await timed('timing')
    for (const { columns, rows } of observer.tables!()) {
      for (const row of rows) expect(row.length).toBe(columns.length)
    }
  })

  test('reports callbacks that hold the loop longer than slow', async () => {
    expect((await timed('timing:slow=250ns')).findings!()).toEqual([
      { kind: 'slow-callback', message: 'crunch held the loop for up to 0.0 ms', times: 2 },
    ])
  })

  test('finds nothing slow where nothing is: exactly slow is not too slow', async () => {
    expect((await timed('timing')).findings!()).toEqual([])
    expect((await timed('timing:slow=500ns')).findings!()).toEqual([])
  })

  test('hands on the observers of what it wraps', async () => {
    const { loop } = await simulate('timing:inner=timing:inner=fifo', program, { classes: CLASSES })
    expect([...loop.observers.active].map((observer) => observer.name)).toEqual([
      'event-log',
      'timing',
      'timing',
    ])
  })
})
