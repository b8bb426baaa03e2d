import { createRequire } from 'node:module'
import type koffiModule from 'koffi'
import type { Clock, FdSelector, IoEvent } from '../../contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../attributes.ts'
import type { SleepGuest } from '../kernel.ts'

// Where libuv cannot be asked (its symbols are not exported), Node gets a turn this often while the loop is idle.
const BLIND_INTERVAL_NS = 5e6
// A loop that is never idle lets Node have a turn this often: Node's timers count in milliseconds.
const LONGEST_NEGLECT_NS = 1e6

interface Libuv {
  readonly fd: number
  /** When its next timer is due, ms from now; 0: it has something to do, below 0: it waits for I/O alone. */
  timeoutMs(): number
  /** Reads the time. Node's timers count from libuv's last reading, which our sleep makes old. */
  updateTime(): void
}

/** Node's own libuv loop, through the symbols of the node binary; undefined where they cannot be had. */
export function findLibuv(): Libuv | undefined {
  try {
    // Not an import: where koffi has no binary, everything that needs no system calls still works.
    const koffi: typeof koffiModule = createRequire(import.meta.url)('koffi')
    const binary = koffi.load(null)
    const loop = binary.func('void* uv_default_loop()')()
    const backendTimeout = binary.func('int uv_backend_timeout(void*)')
    const updateTime = binary.func('void uv_update_time(void*)')
    const fd: number = binary.func('int uv_backend_fd(void*)')(loop)
    if (fd < 0) return undefined
    return { fd, timeoutMs: () => backendTimeout(loop), updateTime: () => updateTime(loop) }
  } catch {
    return undefined
  }
}

/** Node's loop as a guest of ours: tells when it wants a turn. */
export class NodeGuest implements IoEvent, SleepGuest {
  readonly name = 'node'
  readonly inline = true
  readonly attributes = DEFAULT_ATTRIBUTES
  pending = false
  readonly #libuv = findLibuv()
  readonly #selector: FdSelector
  readonly #clock: Clock
  #due = false
  /** When its next timer is due, as far as it said. */
  #timerNs = Number.POSITIVE_INFINITY
  #lastTurnNs = 0

  constructor(selector: FdSelector, clock: Clock) {
    this.#selector = selector
    this.#clock = clock
    if (this.#libuv !== undefined) selector.watch(this.#libuv.fd, this, undefined, { level: true })
  }

  /** Node should get a turn before the next one of ours. */
  get due(): boolean {
    const { lastNs } = this.#clock
    return this.#due || lastNs >= this.#timerNs || lastNs - this.#lastTurnNs > LONGEST_NEGLECT_NS
  }

  /** Called by the loop when libuv's descriptor is readable. */
  run(): void {
    this.#due = true
  }

  patienceNs(): number {
    if (this.#libuv === undefined) {
      this.#due = true
      return BLIND_INTERVAL_NS
    }
    this.#libuv.updateTime()
    const timeoutMs = this.#libuv.timeoutMs()
    if (timeoutMs === 0) this.#due = true
    const patienceNs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs * 1e6
    this.#timerNs = this.#clock.lastNs + patienceNs
    return patienceNs
  }

  awake(): void {
    this.#libuv?.updateTime()
  }

  /** Node has just had its turn. */
  resume(): void {
    // In an immediate Node still counts that immediate, and libuv would answer "do not wait". Setting and
    // clearing another makes Node count anew.
    clearImmediate(setImmediate(() => {}))
    this.#due = false
    this.#timerNs = Number.POSITIVE_INFINITY
    this.#lastTurnNs = this.#clock.nowNs()
    if (this.#libuv !== undefined) this.#selector.rearm(this.#libuv.fd, 'readable')
  }

  leave(): void {
    if (this.#libuv !== undefined) this.#selector.unwatch(this.#libuv.fd)
  }
}
