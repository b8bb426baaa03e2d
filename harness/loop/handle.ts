import type { Attributes, Handle } from '../contracts.ts'
import type { Task } from './task.ts'

/** Where a handle is in its life. A policy that returns one that is not QUEUED has returned it twice. */
export const IDLE = 0
export const QUEUED = 1
export const TAKEN = 2

/**
 * A callback on its way to run. Subclasses override `run` instead of carrying a closure, because a closure
 * a handle costs more than the handle itself.
 */
export abstract class ReadyHandle implements Handle {
  sequence = 0
  readyAtNs = 0
  state = IDLE
  cancelled = false
  attributes: Attributes
  readonly task: Task | undefined

  constructor(attributes: Attributes, task: Task | undefined) {
    this.attributes = attributes
    this.task = task
  }

  abstract readonly name: string
  abstract run(): void

  cancel(): void {
    this.cancelled = true
  }

  get className(): string {
    return this.attributes.className
  }
  get priority(): number {
    return this.attributes.priority
  }
  get deadlineNs(): number {
    return this.attributes.deadlineNs
  }
  get weight(): number {
    return this.attributes.weight
  }
  get expectedNs(): number {
    return this.attributes.expectedNs
  }
}

/** `callSoon` and everything else that is a plain function. */
export class CallbackHandle<Argument> extends ReadyHandle {
  readonly #callback: (argument: Argument) => void
  readonly #argument: Argument

  constructor(
    callback: (argument: Argument) => void,
    argument: Argument,
    attributes: Attributes,
    task: Task | undefined,
  ) {
    super(attributes, task)
    this.#callback = callback
    this.#argument = argument
  }

  get name(): string {
    return this.#callback.name || 'callback'
  }

  run(): void {
    this.#callback(this.#argument)
  }
}
