import type { Loop } from '../../harness/api.ts'
import type { Request, Service } from './requests.ts'

/** A request whose turn has not come: a handle in the policy's queue, which can be cancelled there. */
interface Waiting {
  readonly request: Request
  handle: ReturnType<Loop['callSoon']> | undefined
}

/** Lets requests wait in the loop's own ready queue, and bounds their number. In which order they go on is the policy's. */
export class WaitingRoom {
  readonly #service: Service
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>()
  #emptied: (() => void) | undefined

  constructor(service: Service) {
    this.#service = service
  }

  /** A request has come. */
  offer(request: Request): void {
    const { loop, bound, drop } = this.#service
    if (this.#waiting.size >= bound) {
      if (drop !== 'oldest') {
        this.#service.refuse(request)
        return
      }
      this.#dropOldest()
    }
    const { className, deadlineNs, serviceNs } = request
    const waiting: Waiting = { request, handle: undefined }
    this.#waiting.add(waiting)
    waiting.handle = loop.callSoon(this.#serveRequest, waiting, {
      className,
      deadlineNs,
      expectedNs: serviceNs,
    })
  }

  /** Calls back once nobody waits. */
  whenEmpty(callback: () => void): void {
    if (this.#waiting.size === 0) callback()
    else this.#emptied = callback
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting
    this.#waiting.delete(oldest!)
    oldest!.handle!.cancel()
    this.#service.refuse(oldest!.request)
  }

  readonly #serveRequest = (waiting: Waiting): void => {
    const { loop, drop } = this.#service
    this.#waiting.delete(waiting)
    const { request } = waiting
    if (drop === 'expired' && loop.nowNs() > request.deadlineNs) this.#service.refuse(request)
    else this.#service.serve(request)
    if (this.#waiting.size === 0) this.#emptied?.()
  }
}
