import type { Finding, Handle, LoopObserver } from '../contracts.ts'
import { messageOf } from '../errors.ts'
import type { GuardedQueue } from './guard.ts'
import type { ReadyHandle } from './handle.ts'
import type { Task } from './task.ts'

type Hook<K extends keyof LoopObserver> = NonNullable<LoopObserver[K]>
type AnyHook = (a?: unknown, b?: unknown, c?: unknown) => void

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
  /** Somebody wants to know when handles start or finish. */
  watchHandles = false
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
    this.watchHandles = this.started !== undefined || this.finished !== undefined
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
    // No rest parameters: they would allocate an array a call, and a handle makes several.
    const all: AnyHook = (a, b, c) => {
      for (let i = 0; i < guarded.length; i++) guarded[i]!(a, b, c)
    }
    return (guarded.length < 2 ? guarded[0] : all) as Hook<K> | undefined
  }

  #guard(observer: LoopObserver, name: keyof LoopObserver): AnyHook {
    // Found once: looked up by name at every call it would be megamorphic.
    const hook = (observer as unknown as Record<typeof name, AnyHook>)[name].bind(observer)
    return (a, b, c) => {
      try {
        hook(a, b, c)
      } catch (error) {
        this.#disable(observer, name, error)
      }
    }
  }

  #disable(observer: LoopObserver, hook: string, error: unknown): void {
    // A hook that was fused before may still be called once.
    if (!this.#active.delete(observer)) return
    const message = `Observer '${observer.name}' threw in ${hook} and was switched off: ${messageOf(error)}`
    this.findings.push({ kind: 'observer-error', message })
    this.#fuse()
  }
}
