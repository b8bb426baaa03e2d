import { expect, test } from 'vitest'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { sizeCharts, sizedQuantities } from '../../reports/charts/sizes.ts'

const NS = { unit: 'ns', better: 'lower' } as const

function group(selector: string, perEvent: Readonly<Record<number, number>>): Group {
  const metrics = Object.fromEntries(
    Object.entries(perEvent).map(([size, value]) => [`perEvent.${size}`, { value, ...NS }]),
  )
  const cell = { policy: 'fifo', selector, status: 'ok', metrics }
  const members = [{ policy: 'fifo', policyIndex: 0, cell, rounds: [] }] as unknown as Member[]
  return { scenario: 'pipes', time: 'real', selector, params: {}, members }
}

test('figures of three sizes or more are sized', () => {
  const names = ['perEvent.10', 'perEvent.100', 'perEvent.1000', 'run.1', 'run.2', 'latency.a.p99']
  expect([...sizedQuantities(names)]).toEqual([['perEvent', [10, 100, 1000]]])
})

test('one chart shows all selectors, each as far as it came, in order of size', () => {
  const groups = [group('epoll', { 1000: 5, 10: 5, 100: 5 }), group('select', { 10: 6, 100: 18 })]
  const [chart, ...others] = sizeCharts(groups, 0)
  expect(others).toEqual([])
  expect(chart!.title).toBe('pipes: perEvent by size — real time')
  expect(
    chart!.series.map(({ policy, points }) => [policy, points.map(({ x, value }) => [x, value])]),
  ).toEqual([
    [
      'fifo (epoll)',
      [
        [1, 5],
        [2, 5],
        [3, 5],
      ],
    ],
    [
      'fifo (select)',
      [
        [1, 6],
        [2, 18],
      ],
    ],
  ])
  expect(chart!.alt).toContain('fifo (select): from 6 ns to 18 ns')
})
