import { type Future, type Loop, ms, type ScenarioContext, us } from '../../harness/api.ts'
import { ClientPool } from './client.ts'
import type { HttpParams } from './params.ts'
import type { HttpResponse } from './response.ts'

type Context = ScenarioContext<HttpParams>
type HttpClass = (typeof CLASSES)[number]

const CLASSES = [
  { name: 'health', path: '/health', share: 'healthShare', cost: 'healthUs' },
  { name: 'api', path: '/api/items', share: 'apiShare', cost: 'apiUs' },
  { name: 'report', path: '/report/daily', share: 'reportShare', cost: 'reportUs' },
] as const

/** Connections made before the first arrival, so that the warm-up does not begin with a storm of them. */
const OPEN_AT_START = 128

/**
 * Poisson arrivals at the rate that loads the server's CPU as asked. Arrivals never wait for answers, and
 * latency counts from when a request was meant to start (no coordinated omission), retries and all.
 *
 * A request whose connection died before the first byte of its answer is sent once more and counted in `retries`: that
 * is the network's doing (`--world loss=0.01`), and what any client does. What fails then, or fails in any other way, is
 * counted in `errors` and breaks the cell, whatever the network: a server that loses requests must not win.
 */
export async function offerLoad(loop: Loop, ctx: Context): Promise<void> {
  const { params, meter } = ctx
  const pool = new ClientPool(loop, ctx.address, params.connections)
  pool.open(Math.min(OPEN_AT_START, params.connections))
  const startNs = loop.nowNs()
  const measureFromNs = startNs + ms(params.warmupMs)
  loop.callAt(measureFromNs, () => meter.start())
  const generator = new Generator(loop, ctx, pool, measureFromNs)
  await generator.run(startNs, measureFromNs + ms(params.durationMs))
  meter.stop()
  await pool.close()
  const { sent, answered } = generator
  ctx.check(sent === answered, `${sent} requests were sent and ${answered} answered`)
}

/** Mean time between two arrivals, ns, at which the declared costs use up the share `load` of the processor. */
export function meanGapNs(params: HttpParams): number {
  const shares = CLASSES.reduce((sum, { share }) => sum + params[share], 0)
  const cost = CLASSES.reduce((sum, { share, cost }) => sum + params[share] * us(params[cost]), 0)
  // Without any cost no rate loads the server; 10,000 a second is brisk and bounded.
  return cost === 0 ? us(100) : cost / shares / params.load
}

class Generator {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #pool: ClientPool
  readonly #measureFromNs: number
  readonly #finished: Future<void>
  #arrivalsOver = false
  sent = 0
  /** Answered or failed; failures break the cell by themselves. */
  answered = 0

  constructor(loop: Loop, ctx: Context, pool: ClientPool, measureFromNs: number) {
    this.#loop = loop
    this.#ctx = ctx
    this.#pool = pool
    this.#measureFromNs = measureFromNs
    this.#finished = loop.createFuture()
  }

  async run(fromNs: number, untilNs: number): Promise<void> {
    const { random, params } = this.#ctx
    const gaps = random.fork('arrivals')
    const classes = random.fork('classes')
    const gapNs = meanGapNs(params)
    for (let atNs = fromNs + gaps.exponential(gapNs); atNs < untilNs; atNs += gaps.exponential(gapNs)) {
      const delayNs = atNs - this.#loop.nowNs()
      if (delayNs > 0) await this.#loop.sleep(delayNs)
      this.#send(
        classes.weighted(CLASSES, ({ share }) => params[share]),
        atNs,
      )
    }
    this.#arrivalsOver = true
    if (this.answered < this.sent) await this.#finished
  }

  #send(httpClass: HttpClass, intendedNs: number): void {
    const id = String(++this.sent)
    const head = `GET ${httpClass.path}?id=${id} HTTP/1.1\r\nHost: loopdyno\r\nX-Request-Id: ${id}\r\n\r\n`
    this.#pool.send({
      request: Buffer.from(head),
      done: (outcome) => this.#done(httpClass, id, intendedNs, outcome),
      // All requests are GETs.
      retried: () => this.#ctx.meter.count('retries'),
    })
  }

  #done({ name }: HttpClass, id: string, intendedNs: number, outcome: HttpResponse | Error): void {
    const { meter } = this.#ctx
    const failure = outcome instanceof Error ? outcome.message : whatIsWrong(outcome, name, id)
    if (failure === undefined && intendedNs >= this.#measureFromNs) {
      meter.latency(name, this.#loop.nowNs() - intendedNs)
      meter.operations()
    }
    this.answered++
    if (this.#arrivalsOver && this.answered === this.sent) this.#finished.setResult()
    if (failure !== undefined) this.#fail(name, id, failure)
  }

  #fail(name: string, id: string, failure: string): void {
    this.#ctx.meter.count('errors')
    this.#ctx.check(false, `Request ${id} (${name}): ${failure}`)
  }
}

/** Why the answer is not the one to this request; `undefined` where it is. */
function whatIsWrong({ status, body }: HttpResponse, name: string, id: string): string | undefined {
  if (status !== 200) return `status ${status}`
  const answer = parseAnswer(body)
  if (answer.class !== name) return `answered as class ${answer.class}`
  if (answer.requestId !== id) return `got the answer to request ${answer.requestId}`
  return undefined
}

function parseAnswer(body: Uint8Array): { readonly class?: unknown; readonly requestId?: unknown } {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString())
  } catch {
    return {} // not JSON: the caller will say that the class is wrong
  }
}
