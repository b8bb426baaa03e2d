import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deque } from '../../harness/loop/deque.ts'
import { Heap } from '../../harness/loop/heap.ts'

type Operation = readonly ['push' | 'unshift' | 'shift' | 'pop' | 'remove' | 'clear', number]

const operations = fc.array(
  fc.tuple(
    fc.constantFrom<Operation[0]>('push', 'push', 'push', 'unshift', 'shift', 'pop', 'remove', 'clear'),
    fc.integer({ min: 0, max: 9 }),
  ),
  { maxLength: 400, size: 'max' },
)

describe('a deque', () => {
  it('does what an array does', () => {
    fc.assert(
      fc.property(operations, (steps) => {
        const deque = new Deque<number>()
        let array: number[] = []
        for (const [operation, item] of steps) {
          if (operation === 'push') deque.push(item)
          if (operation === 'push') array.push(item)
          if (operation === 'unshift') deque.unshift(item)
          if (operation === 'unshift') array.unshift(item)
          if (operation === 'shift') expect(deque.shift()).toBe(array.shift())
          if (operation === 'pop') expect(deque.pop()).toBe(array.pop())
          if (operation === 'remove') expect(deque.remove(item)).toBe(removeFrom(array, item))
          if (operation === 'clear') deque.clear()
          if (operation === 'clear') array = []
          expect(deque.size).toBe(array.length)
          expect(deque.peek()).toBe(array[0])
        }
        expect([...deque]).toEqual(array)
      }),
    )
  })

  it('keeps its order when it grows while it is wrapped around', () => {
    const deque = new Deque<number>()
    for (let i = 0; i < 40; i++) deque.push(i)
    for (let i = 0; i < 40; i++) deque.shift()
    const items = Array.from({ length: 200 }, (_, i) => i)
    for (const i of items) deque.push(i)
    expect([...deque]).toEqual(items)
  })

  it('forgets what was taken out', () => {
    const deque = new Deque<object>()
    const item = {}
    deque.push(item)
    deque.shift()
    deque.push(item)
    deque.pop()
    expect(deque.peek()).toBeUndefined()
  })
})

function removeFrom(array: number[], item: number): boolean {
  const at = array.indexOf(item)
  if (at >= 0) array.splice(at, 1)
  return at >= 0
}

describe('a heap', () => {
  it('gives its items in order, whatever the order of pushes and pops', () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 20 }) },
      fc.constant('pop' as const),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const heap = new Heap<number>((a, b) => a < b)
        const sorted: number[] = []
        for (const each of steps) {
          if (each === 'pop') expect(heap.pop()).toBe(sorted.shift())
          else {
            heap.push(each)
            sorted.push(each)
            sorted.sort((a, b) => a - b)
          }
          expect(heap.peek()).toBe(sorted[0])
          expect(heap.size).toBe(sorted.length)
        }
      }),
    )
  })

  it('stays in order when some of its items are dropped', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const heap = new Heap<number>((a, b) => a < b)
        for (const item of items) heap.push(item)
        heap.retain((item) => item % 2 === 0)
        const left: number[] = []
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) left.push(item)
        expect(left).toEqual(items.filter((item) => item % 2 === 0).sort((a, b) => a - b))
      }),
    )
  })
})
