import type { Finding, Handle, LoopObserver } from '../contracts.ts'
import { messageOf } from '../errors.ts'
import type { GuardedQueue } from './guard.ts'
import type { ReadyHandle } from './handle.ts'
import type { Task } from './task.ts'

type Hook<K extends keyof LoopObserver> = NonNullable<LoopObserver[K]>

/**
 * The hooks of all observers, fused: a hook nobody installed is `undefined`, so that it costs one comparison. An
 * observer that throws is switched off and reported, and the loop goes on. (The rules are Trio's.)
 */
export class Observers {
  pushed: ((handle: Handle) => void) | undefined
  started: ((handle: Handle, nowNs: number) => void) | undefined
  finished: ((handle: ReadyHandle, startNs: number, endNs: number) => void) | undefined
  taskSpawned: ((task: Task) => void) | undefined
  taskFinished: ((task: Task) => void) | undefined
  turnStarted: ((nowNs: number, ready: number) => void) | undefined
  selected: ((timeoutNs: number, waitedNs: number, events: number) => void) | undefined
  readonly findings: Finding[] = []
  readonly #active: Set<LoopObserver>
  readonly #queue: GuardedQueue | undefined

  /** `queue` is given where the policy wants to know how long its handles ran. */
  constructor(observers: readonly LoopObserver[], queue: GuardedQueue | undefined) {
    this.#active = new Set(observers)
    this.#queue = queue
    this.#fuse()
  }

  get active(): Iterable<LoopObserver> {
    return this.#active
  }

  #fuse(): void {
    this.pushed = this.#fused('handlePushed')
    this.started = this.#fused('handleStarted')
    this.taskSpawned = this.#fused('taskSpawned')
    this.taskFinished = this.#fused('taskFinished')
    this.turnStarted = this.#fused('turnStarted')
    this.selected = this.#fused('selected')
    this.finished = this.#withRunTimes(this.#fused('handleFinished'))
  }

  #withRunTimes(observe: Hook<'handleFinished'> | undefined): Observers['finished'] {
    const queue = this.#queue
    if (queue === undefined) return observe
    return (handle, startNs, endNs) => {
      queue.ran(handle, endNs - startNs)
      observe?.(handle, startNs, endNs)
    }
  }

  #fused<K extends keyof LoopObserver>(name: K): Hook<K> | undefined {
    const guarded = [...this.#active]
      .filter((each) => each[name] !== undefined)
      .map((each) => this.#guard(each, name))
    if (guarded.length < 2) return guarded[0]
    return ((...args: unknown[]) => {
      for (const hook of guarded) (hook as (...args: unknown[]) => void)(...args)
    }) as Hook<K>
  }

  #guard<K extends keyof LoopObserver>(observer: LoopObserver, name: K): Hook<K> {
    const hook = (observer[name] as (...args: unknown[]) => void).bind(observer)
    return ((a: unknown, b: unknown, c: unknown) => {
      try {
        hook(a, b, c)
      } catch (error) {
        this.#disable(observer, name, error)
      }
    }) as Hook<K>
  }

  #disable(observer: LoopObserver, hook: string, error: unknown): void {
    this.#active.delete(observer)
    const message = `Observer '${observer.name}' threw in ${hook} and was switched off: ${messageOf(error)}`
    this.findings.push({ kind: 'observer-error', message })
    this.#fuse()
  }
}
