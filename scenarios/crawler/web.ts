/** The servers that are crawled: slow ones, and some that are broken each in its own way. */
import { type Listener, type Loop, ms, type Stream } from '../../harness/api.ts'
import { RequestParser } from '../http/parser.ts'
import { encodeResponse } from '../http/response.ts'
import { isLoss, type Site } from './control.ts'
import { contentOf } from './pages.ts'
import type { CrawlerContext } from './params.ts'

/** What a bad server does, by its name. */
const BAD = ['hangs', 'resets', 'trickles', 'truncates'] as const
type Behaviour = 'good' | (typeof BAD)[number]

/** How long the crawler may take to close its connections when it is done. */
const CLOSE_NS = ms(5000)
const LOOK_NS = ms(2)
/** A trickling server needs so many times what the crawler allows. */
const TRICKLE_TIMES = 4
const TRICKLE_PIECES = 20

export class Web {
  readonly #loop: Loop
  readonly #ctx: CrawlerContext
  readonly #listeners: Listener[] = []
  readonly #open = new Set<Stream>()
  /** Handlers that have not ended: they may outlive their connections. */
  #serving = 0
  readonly #requests = new Map<string, number>()
  readonly sites: readonly Site[]

  constructor(loop: Loop, ctx: CrawlerContext) {
    this.#loop = loop
    this.#ctx = ctx
    const { sites, pages, badPages } = ctx.params
    const good = Array.from({ length: sites }, (_, i) => this.#start(`good-${i + 1}`, 'good', pages))
    const bad = badPages === 0 ? [] : BAD.map((behaviour) => this.#start(behaviour, behaviour, badPages))
    this.sites = [...good, ...bad]
  }

  /** Requests for a page that a server has seen. */
  requestsFor(path: string): number {
    return this.#requests.get(path) ?? 0
  }

  /** Stops listening, waits for the crawler to close what it opened, and resets what it did not; returns how many. */
  async close(): Promise<number> {
    for (const listener of this.#listeners) listener.close()
    const untilNs = this.#loop.nowNs() + CLOSE_NS
    while (this.#open.size > 0 && this.#loop.nowNs() < untilNs) await this.#loop.sleep(LOOK_NS)
    const left = [...this.#open]
    for (const stream of left) stream.reset()
    // Whoever still sleeps over an answer is about to see that nobody wants it.
    while (this.#serving > 0) await this.#loop.sleep(LOOK_NS)
    return left.length
  }

  #start(name: string, behaviour: Behaviour, pages: number): Site {
    const serve = (stream: Stream) => this.#serve(stream, behaviour)
    const listener = this.#loop.listen({ host: '127.0.0.1', port: 0 }, serve, { name })
    this.#listeners.push(listener)
    return { name, isGood: behaviour === 'good', address: listener.address, pages }
  }

  async #serve(stream: Stream, behaviour: Behaviour): Promise<void> {
    this.#serving++
    this.#open.add(stream)
    stream.closedFuture.addDoneCallback(() => this.#open.delete(stream))
    try {
      const path = await requestedPath(stream)
      if (path === undefined) return
      this.#requests.set(path, this.requestsFor(path) + 1)
      await this.#answer(stream, behaviour, path)
      // Whose turn it is to close: the crawler's.
      while ((await stream.read()) !== undefined);
    } catch (error) {
      // A crawler may give up at any time.
      if (!isLoss(error)) throw error
    } finally {
      this.#serving--
    }
  }

  async #answer(stream: Stream, behaviour: Behaviour, path: string): Promise<void> {
    const answer = encodeResponse(200, contentOf(path, this.#ctx.params.bodyBytes), {
      keepAlive: false,
      contentType: 'text/plain',
    })
    if (behaviour === 'hangs') return
    if (behaviour === 'trickles') await this.#trickle(stream, answer)
    else if (behaviour === 'truncates') {
      stream.write(answer.slice(0, answer.length / 2))
      stream.end()
    } else if (behaviour === 'resets' && this.requestsFor(path) <= resetsOf(path)) stream.reset()
    else {
      await this.#loop.sleep(this.#delayNs(path))
      stream.write(answer)
    }
  }

  async #trickle(stream: Stream, answer: Uint8Array): Promise<void> {
    const size = Math.ceil(answer.length / TRICKLE_PIECES)
    const gapNs = (ms(this.#ctx.params.timeoutMs) * TRICKLE_TIMES) / TRICKLE_PIECES
    for (let at = 0; at < answer.length && !stream.closedFuture.done; at += size) {
      stream.write(answer.slice(at, at + size))
      await this.#loop.sleep(gapNs)
    }
  }

  #delayNs(path: string): number {
    const { params, random } = this.#ctx
    return Math.round(ms(params.delayMs) * (0.5 + random.fork(path).uniform()))
  }
}

/** Every other page is reset twice before it is answered, the others three times. */
function resetsOf(path: string): number {
  return 2 + (Number(path.slice(path.lastIndexOf('/') + 1)) % 2)
}

/** `undefined` where the client left before it had asked. */
async function requestedPath(stream: Stream): Promise<string | undefined> {
  const parser = new RequestParser()
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    parser.feed(chunk)
    const request = parser.next()
    if (request !== undefined) return request.target
  }
  return undefined
}
