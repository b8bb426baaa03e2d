import { type Loop, ms, type Stream, TimeoutError, us } from '../../harness/api.ts'
import { readResponse } from '../http/client.ts'
import { HttpError } from '../http/grammar.ts'
import { type HttpResponse, ResponseError, ResponseParser } from '../http/response.ts'
import { connect } from './connect.ts'
import { isLoss, type PageResult } from './control.ts'
import { digestOf, type Page } from './pages.ts'
import type { CrawlerContext } from './params.ts'

/** How long what was closed may take to be gone. */
const CLOSE_NS = ms(5000)
const LOOK_NS = ms(2)

/** Fetches one page, with retries, a connection an attempt, and knows what it has open. */
export class Fetcher {
  readonly #loop: Loop
  readonly #ctx: CrawlerContext
  readonly #open = new Set<Stream>()
  #underWay = 0
  /** The most attempts that were ever under way at once. */
  mostUnderWay = 0

  constructor(loop: Loop, ctx: CrawlerContext) {
    this.#loop = loop
    this.#ctx = ctx
  }

  /** A page that was not to be had is a result like any other, and says why. */
  async fetch(page: Page): Promise<PageResult> {
    const { retries, backoffMs } = this.#ctx.params
    let reason: string | undefined
    for (let retry = 0; retry <= retries; retry++) {
      if (retry > 0) await this.#loop.sleep(ms(backoffMs) * 2 ** (retry - 1))
      const outcome = await this.#attempt(page)
      if (typeof outcome !== 'string') {
        return { path: page.path, attempts: retry + 1, digest: await this.#read(outcome.body) }
      }
      reason = outcome
    }
    return { path: page.path, attempts: retries + 1, reason }
  }

  /** Waits for what was closed to be gone; returns how many connections are left. */
  async left(): Promise<number> {
    const untilNs = this.#loop.nowNs() + CLOSE_NS
    while (this.#open.size > 0 && this.#loop.nowNs() < untilNs) await this.#loop.sleep(LOOK_NS)
    return this.#open.size
  }

  /** The answer, or why there is none. */
  async #attempt(page: Page): Promise<HttpResponse | string> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.#underWay)
    const startNs = this.#loop.nowNs()
    let stream: Stream | undefined
    try {
      const response = await this.#loop.timeout(ms(this.#ctx.params.timeoutMs), async () => {
        stream = await this.#connect(page)
        return await askFor(stream, page.path)
      })
      this.release(stream!)
      if (response.status !== 200) return `status ${response.status}`
      this.#ctx.meter.latency('fetch', this.#loop.nowNs() - startNs)
      return response
    } catch (error) {
      stream?.reset()
      return reasonOf(error)
    } finally {
      this.#underWay--
    }
  }

  protected release(stream: Stream): void {
    stream.close()
  }

  async #connect({ site }: Page): Promise<Stream> {
    const stream = await connect(this.#loop, site.address)
    this.#open.add(stream)
    stream.closedFuture.addDoneCallback(() => this.#open.delete(stream))
    return stream
  }

  /** Reading is work, and not urgent: whoever orders by priority keeps the network busy first. */
  #read(body: Uint8Array): PromiseLike<string> {
    return this.#loop.spawn(
      async () => {
        this.#loop.work(us(this.#ctx.params.parseUs))
        return digestOf(body)
      },
      { className: 'parse', name: 'parse' },
    )
  }
}

function askFor(stream: Stream, path: string): Promise<HttpResponse> {
  stream.write(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: loopdyno\r\nConnection: close\r\n\r\n`))
  return readResponse(stream, new ResponseParser())
}

/** Throws what is no failure of a server or a network. */
function reasonOf(error: unknown): string {
  if (error instanceof TimeoutError) return 'timed out'
  if (error instanceof ResponseError || error instanceof HttpError) return error.message
  if (isLoss(error)) return error.code
  throw error
}
