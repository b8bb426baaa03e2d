/** The same requests to one server after another: one connection each, at times of their own. */
import { type Address, type Loop, type Random, type ScenarioContext, seconds } from '../../harness/api.ts'
import { readResponse } from '../http/client.ts'
import { type HttpResponse, ResponseParser } from '../http/response.ts'
import { type Answer, targetOf } from './service.ts'

/** The servers and where they are, by name. */
export type Directory = Readonly<Record<string, Address>>

export interface LoadParams {
  readonly requests: number
  readonly rate: number
}

type Context = ScenarioContext<LoadParams>

/** Asks where the servers are, then loads each in turn. Latency counts from when a request was meant to start. */
export async function loadAll(loop: Loop, ctx: Context): Promise<void> {
  const directory = await fetchDirectory(loop, ctx.address)
  const times = arrivalTimes(ctx.random.fork('arrivals'), ctx.params)
  const results = new Map<number, number>()
  ctx.meter.start()
  for (const [name, address] of Object.entries(directory))
    await new Visit(loop, ctx, name, address, results).run(times)
  ctx.meter.stop()
}

/** Poisson, and the same for every server: since the beginning, ns. */
function arrivalTimes(gaps: Random, { requests, rate }: LoadParams): number[] {
  let atNs = 0
  return Array.from({ length: requests }, () => {
    atNs += gaps.exponential(seconds(1) / rate)
    return atNs
  })
}

async function fetchDirectory(loop: Loop, address: Address): Promise<Directory> {
  const { body } = await get(loop, address, '/servers')
  return JSON.parse(Buffer.from(body).toString()) as Directory
}

/** One request over a connection of its own. Throws the connection's error, or `ResponseError`. */
async function get(loop: Loop, address: Address, target: string): Promise<HttpResponse> {
  const stream = await loop.connect(address)
  try {
    stream.write(requestOf(target))
    return await readResponse(stream, new ResponseParser())
  } finally {
    stream.close()
  }
}

function requestOf(target: string): Uint8Array {
  return Buffer.from(`GET ${target} HTTP/1.1\r\nHost: loopdyno\r\nConnection: close\r\n\r\n`)
}

/** All requests to one server. */
class Visit {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #name: string
  readonly #address: Address
  /** By id: what the servers before this one came to. */
  readonly #results: Map<number, number>
  #answered = 0

  constructor(loop: Loop, ctx: Context, name: string, address: Address, results: Map<number, number>) {
    this.#loop = loop
    this.#ctx = ctx
    this.#name = name
    this.#address = address
    this.#results = results
  }

  async run(times: readonly number[]): Promise<void> {
    const startNs = this.#loop.nowNs()
    const arrivals = times.map((atNs, index) => ({ atNs: startNs + atNs, id: index + 1 }))
    const requests: PromiseLike<void>[] = []
    await this.#loop.arrivals(arrivals, ({ atNs, id }) => {
      requests.push(this.#loop.spawn(() => this.#request(id, atNs), { name: 'client' }))
    })
    for (const request of requests) await request
    const [sent, answered] = [times.length, this.#answered]
    this.#ctx.check(sent === answered, `${this.#name}: ${sent} requests were sent and ${answered} answered`)
  }

  async #request(id: number, intendedNs: number): Promise<void> {
    const failure = await this.#failureOf(id)
    if (failure !== undefined) {
      this.#ctx.meter.count('errors')
      this.#ctx.check(false, `${this.#name}: request ${id}: ${failure}`)
      return
    }
    this.#answered++
    this.#ctx.meter.latency(this.#name, this.#loop.nowNs() - intendedNs)
  }

  async #failureOf(id: number): Promise<string | undefined> {
    try {
      return this.#whatIsWrong(id, await get(this.#loop, this.#address, targetOf(id)))
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Why this is not the answer to the request; `undefined` where it is. */
  #whatIsWrong(id: number, { status, body }: HttpResponse): string | undefined {
    if (status !== 200) return `status ${status}`
    const answer = JSON.parse(Buffer.from(body).toString()) as Answer
    if (answer.id !== id) return `got the answer to request ${answer.id}`
    const expected = this.#results.get(id) ?? answer.result
    this.#results.set(id, expected)
    return answer.result === expected ? undefined : `came to ${answer.result}, elsewhere to ${expected}`
  }
}
