/**
 * Least attained service: the task that has had the processor least so far, equals in the order they became ready.
 *
 * Foreground–background scheduling: it favours short work without being told what is short, for what is long shows
 * itself by having run long; near to the best for heavy tails (Nuyens & Wierman 2008). It needs work cut into slices,
 * as a handle is never interrupted. A callback without a task is always new.
 */
import { batchOption, definePolicy, type Handle, Heap, type Task, turnLimitOf, z } from '../harness/api.ts'

interface Entry {
  readonly attainedNs: number
  readonly handle: Handle
}

export default definePolicy({
  name: 'las',
  summary: 'least attained service: the task that has run least so far; needs no declared costs',
  options: z.strictObject({ batch: batchOption(1) }),
  createQueue({ options, clock }) {
    const attained = new WeakMap<Task, number>()
    const heap = new Heap<Entry>(
      (a, b) =>
        a.attainedNs < b.attainedNs ||
        (a.attainedNs === b.attainedNs && a.handle.sequence < b.handle.sequence),
    )
    let running: Task | undefined
    let startedNs = 0
    /** A task that gives way is pushed before its handle has ended: what it is just having counts as well. */
    const attainedBy = (task: Task) =>
      (attained.get(task) ?? 0) + (task === running ? clock.nowNs() - startedNs : 0)
    return {
      get size() {
        return heap.size
      },
      push(handle) {
        heap.push({ attainedNs: handle.task === undefined ? 0 : attainedBy(handle.task), handle })
      },
      shift() {
        const handle = heap.pop()?.handle
        running = handle?.task
        startedNs = clock.nowNs()
        return handle
      },
      turnLimit: () => turnLimitOf(options.batch, heap.size),
      ran({ task }, runNs) {
        running = undefined
        if (task !== undefined) attained.set(task, (attained.get(task) ?? 0) + runNs)
      },
    }
  },
})
