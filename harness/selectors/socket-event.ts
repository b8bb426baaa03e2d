import type { Attributes, IoEvent } from '../contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../loop/attributes.ts'

/** One side of a socket, prebuilt and emitted any number of times. */
export class SocketEvent implements IoEvent {
  readonly name: string
  attributes: Attributes = DEFAULT_ATTRIBUTES
  pending = false
  readonly run: () => void
  /** Closes the descriptor without telling anybody: the selector is being closed. */
  readonly abandon: () => void

  constructor(name: 'accept' | 'connect' | 'read' | 'write', run: () => void, abandon: () => void) {
    this.name = name
    this.run = run
    this.abandon = abandon
  }
}
