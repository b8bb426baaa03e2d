/** Trees of tasks: each waits for its children in a group, some under a time-out, and any of them may be cancelled. */
import { ms, type Random, seconds, type Task, type TaskGroup, TimeoutError, us } from '../../harness/api.ts'
import type { Ground, Parts } from './ground.ts'

/** How early a timer of Node's own loop may fire. */
const EARLY_NS = ms(1)

class LeafError extends Error {
  override readonly name = 'LeafError'
}

export class Forest {
  readonly #ground: Ground
  readonly #parts: Parts
  /** Those that live now: who may be cancelled. */
  readonly #live = new Set<Task>()
  /** When each was first cancelled. */
  readonly #cancelledNs = new Map<Task, number>()

  constructor(ground: Ground, parts: Parts) {
    this.#ground = ground
    this.#parts = parts
  }

  /** Done when all trees have ended. */
  async run(): Promise<void> {
    const { loop, ctx } = this.#ground
    const { trees, treesPerSecond } = ctx.params
    const roots: Task[] = []
    const random = ctx.random.fork('trees')
    const reaper = loop.spawn(() => this.#reap(ctx.random.fork('reaper')), {
      className: 'urgent',
      name: 'reaper',
    })
    for (let i = 0; i < trees; i++) {
      await loop.sleep(random.exponential(seconds(1) / treesPerSecond))
      const source = ctx.random.fork(`tree ${i}`)
      const options = { className: i % 2 === 0 ? 'urgent' : 'bulk', name: 'root' }
      roots.push(this.#watched(loop.spawn(() => this.#task(ctx.params.depth, source), options) as Task))
    }
    await loop.wait(roots)
    reaper.cancel()
    for (const root of roots) this.#checkRoot(root)
  }

  /** Cancels a random task, again and again. */
  async #reap(random: Random): Promise<void> {
    const { loop, ctx } = this.#ground
    for (;;) {
      await loop.sleep(random.exponential(ms(ctx.params.cancelEveryMs)))
      const live = [...this.#live]
      const victim = live[random.integer(live.length)]
      if (victim === undefined || !victim.cancel()) continue
      ctx.meter.count('cancelled')
      if (!this.#cancelledNs.has(victim)) this.#cancelledNs.set(victim, loop.nowNs())
    }
  }

  #watched(task: Task): Task {
    const { loop, ctx, ledger } = this.#ground
    const { className } = task.attributes
    ledger.opened('tasks')
    this.#live.add(task)
    task.addDoneCallback(() => {
      ledger.closed('tasks')
      this.#live.delete(task)
      ctx.meter.operations()
      const cancelledNs = this.#cancelledNs.get(task)
      if (cancelledNs !== undefined) ctx.meter.duration(`unwind.${className}`, loop.nowNs() - cancelledNs)
    })
    return task
  }

  async #task(level: number, random: Random): Promise<void> {
    const { loop, ctx } = this.#ground
    try {
      await this.#branch(level, random)
    } finally {
      loop.work(us(ctx.params.cleanUpUs))
    }
  }

  /** With a time-out or without. */
  async #branch(level: number, random: Random): Promise<void> {
    const { loop, ctx } = this.#ground
    const isTimed = random.uniform() < ctx.params.timed
    const limitNs = random.exponential(ms(ctx.params.deadlineMs))
    if (!isTimed) return this.#grow(level, random)
    const startNs = loop.nowNs()
    try {
      await this.#parts.timeout(limitNs, () => this.#grow(level, random))
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      ctx.meter.count('timedOut')
      const tookNs = loop.nowNs() - startNs
      ctx.check(tookNs >= limitNs - EARLY_NS, `A time-out of ${limitNs} ns ran out after ${tookNs} ns`)
    }
  }

  /** A group of children; what fails in it ends here, and has cancelled the others. */
  async #grow(level: number, random: Random): Promise<void> {
    if (level === 0) return this.#leaf(random)
    const { ctx, ledger } = this.#ground
    const children: Task[] = []
    ledger.opened('groups')
    try {
      await this.#parts.taskGroup(async (group) => {
        this.#plant(group, children, level, random)
        await this.#leaf(random.fork('own'))
      })
    } catch (error) {
      if (!(error instanceof AggregateError)) throw error
      ctx.meter.count('groups.failed')
      const strange = error.errors.find((each) => !(each instanceof LeafError))
      if (strange !== undefined) throw strange
    } finally {
      ledger.closed('groups')
      const orphans = children.filter((child) => !child.done).length
      ctx.check(orphans === 0, `${orphans} children outlived their task group`)
    }
  }

  #plant(group: TaskGroup, children: Task[], level: number, random: Random): void {
    for (let i = 0; i < this.#ground.ctx.params.width; i++) {
      const source = random.fork(`${i}`)
      const name = level === 1 ? 'leaf' : 'branch'
      children.push(this.#watched(group.spawn(() => this.#task(level - 1, source), { name }) as Task))
    }
  }

  async #leaf(random: Random): Promise<void> {
    const { loop, ctx } = this.#ground
    if (random.uniform() < ctx.params.failing) {
      await loop.sleep(random.exponential(ms(ctx.params.leafMs)))
      throw new LeafError('A leaf failed')
    }
    const all = Object.values(this.#parts.leaves)
    await all[random.integer(all.length)]!(this.#ground, random)
  }

  #checkRoot(root: Task): void {
    const { check, params } = this.#ground.ctx
    if (root.cancelled)
      check(this.#cancelledNs.has(root), 'A root was cancelled, but nobody had cancelled it')
    // With no group around it, a leaf's failure is the root's.
    else if (params.depth > 0 || !(root.error() instanceof LeafError)) {
      const error = root.error() as Error | undefined
      check(error === undefined, `A tree failed: ${error?.message}`)
    }
  }
}
