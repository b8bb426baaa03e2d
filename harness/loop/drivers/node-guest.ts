import { createRequire } from 'node:module'
import type koffiModule from 'koffi'
import type { FdSelector, IoEvent } from '../../contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../attributes.ts'

// Where libuv cannot be asked (its symbols are not exported), Node gets a turn this often while the loop is idle.
const BLIND_INTERVAL_NS = 5e6
// A loop that is never idle still lets Node have a turn this often, for its timers.
const LONGEST_NEGLECT_NS = 10e6

interface Libuv {
  readonly fd: number
  timeoutMs(): number
}

/** Node's own libuv loop, through the symbols of the node binary; undefined where they cannot be had. */
export function findLibuv(): Libuv | undefined {
  try {
    // Not an import: where koffi has no binary, everything that needs no system calls still works.
    const koffi: typeof koffiModule = createRequire(import.meta.url)('koffi')
    const binary = koffi.load(null)
    const loop = binary.func('void* uv_default_loop()')()
    const backendTimeout = binary.func('int uv_backend_timeout(void*)')
    const fd: number = binary.func('int uv_backend_fd(void*)')(loop)
    return fd < 0 ? undefined : { fd, timeoutMs: () => backendTimeout(loop) }
  } catch {
    return undefined
  }
}

/** Node's loop as a guest of ours: tells when it wants a turn. */
export class NodeGuest implements IoEvent {
  readonly name = 'node'
  readonly inline = true
  readonly attributes = DEFAULT_ATTRIBUTES
  pending = false
  /** Node should get a turn before the next one of ours. */
  due = false
  readonly #libuv = findLibuv()
  readonly #selector: FdSelector
  #neglectedSinceNs = 0

  constructor(selector: FdSelector) {
    this.#selector = selector
    if (this.#libuv !== undefined) selector.watch(this.#libuv.fd, this, undefined, { level: true })
  }

  /** Called by the loop when libuv's descriptor is readable. */
  run(): void {
    this.due = true
  }

  /** How long the loop may sleep before Node is due, ns. */
  readonly patienceNs = (): number => {
    if (this.#libuv === undefined) {
      this.due = true
      return BLIND_INTERVAL_NS
    }
    const timeoutMs = this.#libuv.timeoutMs()
    if (timeoutMs < 0) return Number.POSITIVE_INFINITY
    this.due = true // whether it is now or at the end of this sleep
    return timeoutMs * 1e6
  }

  /** Node has just had its turn. */
  resume(nowNs: number): void {
    // In an immediate Node still counts that immediate, and libuv would answer "do not wait". Setting and
    // clearing another makes Node count anew.
    clearImmediate(setImmediate(() => {}))
    this.due = false
    this.#neglectedSinceNs = nowNs
    if (this.#libuv !== undefined) this.#selector.rearm(this.#libuv.fd, 'readable')
  }

  isNeglected(nowNs: number): boolean {
    return nowNs - this.#neglectedSinceNs > LONGEST_NEGLECT_NS
  }

  leave(): void {
    if (this.#libuv !== undefined) this.#selector.unwatch(this.#libuv.fd)
  }
}
