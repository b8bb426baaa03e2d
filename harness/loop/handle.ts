import type { Attributes, Handle } from '../contracts.ts'
import type { Task } from './task.ts'

/** Where a handle is in its life. A policy that returns one that is not QUEUED has returned it twice. */
export const IDLE = 0
export const QUEUED = 1
export const TAKEN = 2

/**
 * What handles of one kind do when their turn comes, and what they are called. One constant a kind. Handles differ
 * by this field and not by subclass, so that all have one hidden class: with a subclass a kind, every access of the
 * kernel was megamorphic and construction four times slower.
 */
export class HandleKind<Subject, First = undefined, Second = undefined> {
  readonly nameOf: (handle: ReadyHandle<Subject, First, Second>) => string
  readonly run: (handle: ReadyHandle<Subject, First, Second>) => void

  constructor(kind: {
    nameOf(handle: ReadyHandle<Subject, First, Second>): string
    run(handle: ReadyHandle<Subject, First, Second>): void
  }) {
    this.nameOf = kind.nameOf
    this.run = kind.run
  }
}

// biome-ignore lint/suspicious/noExplicitAny: stands for every kind; only the kind itself knows what it carries
type AnyThing = any

/** A callback on its way to run: what a policy orders. It carries data, not a closure, which would cost more. */
export class ReadyHandle<Subject = AnyThing, First = AnyThing, Second = AnyThing> implements Handle {
  // Declared, and set in the constructor: a field initialiser is a define, several times slower in V8 than a store.
  declare sequence: number
  declare readyAtNs: number
  declare state: number
  declare cancelled: boolean
  declare attributes: Attributes
  declare readonly task: Task | undefined
  declare readonly kind: HandleKind<Subject, First, Second>
  /** What it is about: a callback, a future, an I/O event. */
  declare readonly subject: Subject
  declare readonly first: First
  declare readonly second: Second

  constructor(
    kind: HandleKind<Subject, First, Second>,
    attributes: Attributes,
    task: Task | undefined,
    subject: Subject,
    first: First,
    second: Second,
  ) {
    this.sequence = 0
    this.readyAtNs = 0
    this.state = IDLE
    this.cancelled = false
    this.attributes = attributes
    this.task = task
    this.kind = kind
    this.subject = subject
    this.first = first
    this.second = second
  }

  cancel(): void {
    this.cancelled = true
  }

  get name(): string {
    return this.kind.nameOf(this)
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

// V8 answers `function.name` through an accessor, some 35 ns. Callbacks come in runs of the same function.
let lastNamed: unknown
let lastName = ''

function nameOf(callback: { readonly name: string }): string {
  if (callback !== lastNamed) {
    lastNamed = callback
    lastName = callback.name || 'callback'
  }
  return lastName
}

/** `callSoon`: a plain function with its argument. */
export const CALLBACK = new HandleKind<(argument: AnyThing) => void, unknown>({
  nameOf: (handle) => nameOf(handle.subject),
  run: (handle) => handle.subject(handle.first),
})
