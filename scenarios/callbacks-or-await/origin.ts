/** The HTTP server that the workflow gets its items from: it is the driving side's, so that the client is what is measured. */
import {
  type Address,
  type Future,
  type Loop,
  type Meter,
  type ScenarioContext,
  type Stream,
  seconds,
} from '../../harness/api.ts'
import { ClientPool } from '../http/client.ts'
import type { Job as Route } from '../http/connection.ts'
import { type HttpRequest, pathOf } from '../http/request.ts'
import type { HttpResponse } from '../http/response.ts'
import { HttpServer } from '../http/server.ts'
import type { Done, Item, Steps } from './steps.ts'

/** Where the origin answers, and where it resets every connection. */
export interface Origin {
  readonly items: Address
  readonly resets: Address
}

/** What the side under test knows once it has been told. */
export interface Meeting {
  readonly origin: Origin
  /** Opens or closes the measured window, on both sides. */
  mark(edge: Edge): void
}

type Edge = 'start' | 'stop'

export const MALFORMED_PATH = '/malformed'

export function pathOfItem(id: number): string {
  return `/item/${id}`
}

/** What the origin says of an item. */
export function itemOf(id: number): Item {
  return { id, value: 3 * id + 1 }
}

// ------------------------------------------------------------------ the driving side

const LINE_FEED = 0x0a
const HEADER_TIMEOUT_NS = seconds(10)
const IDLE_TIMEOUT_NS = seconds(60)

/**
 * Serves until the side under test has what it wants. That is told where over a connection, says there when the
 * measured window opens and closes, and ends it.
 */
export async function serveOrigin(loop: Loop, { address, meter }: ScenarioContext): Promise<void> {
  const anyPort = 'path' in address ? { host: '127.0.0.1', port: 0 } : { ...address, port: 0 }
  const server = new HttpServer(loop, {
    route: answer,
    headerTimeoutNs: HEADER_TIMEOUT_NS,
    idleTimeoutNs: IDLE_TIMEOUT_NS,
  })
  const items = loop.listen(anyPort, server.serve, { name: 'origin' })
  const resets = loop.listen(anyPort, resetAtOnce)
  try {
    const control = await loop.connect(address)
    control.write(Buffer.from(`${JSON.stringify({ items: items.address, resets: resets.address })}\n`))
    for (let edge = await readLine(control); edge !== undefined; edge = await readLine(control)) {
      meter[edge as Edge]()
    }
    control.close()
  } finally {
    items.close()
    resets.close()
    await server.shutDown()
  }
}

async function resetAtOnce(stream: Stream): Promise<void> {
  stream.reset()
}

function answer({ target }: HttpRequest): Route {
  const path = pathOf(target)
  if (path === MALFORMED_PATH) return { status: 200, body: '{"id":' }
  const [, id] = /^\/item\/(\d+)$/.exec(path) ?? []
  if (id === undefined) return { status: 404, body: '{"error":"No such item"}' }
  return { status: 200, body: JSON.stringify(itemOf(Number(id))) }
}

// ------------------------------------------------------------------ the side under test

/** A handler of connections: the first that says where the origin is, is kept open until `finished`. */
export function hearOrigin(told: Future<Meeting>, finished: Future<void>, meter: Meter) {
  return async (control: Stream): Promise<void> => {
    const line = await readLine(control)
    if (line === undefined || told.done) return
    const mark = (edge: Edge) => {
      control.write(Buffer.from(`${edge}\n`))
      meter[edge]()
    }
    told.setResult({ origin: JSON.parse(line) as Origin, mark })
    await finished
  }
}

/** A `get` over keep-alive connections, and what closes them. */
export function openClient(loop: Loop, origin: Address, connections: number) {
  const pool = new ClientPool(loop, origin, connections)
  const get: Steps['get'] = (path, done) =>
    pool.send({
      request: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: origin\r\n\r\n`),
      // What the callback throws is its own business, not the connection's.
      done: (outcome) => void loop.callSoon(() => tell(outcome, done)),
    })
  return { get, close: () => pool.close() }
}

function tell(outcome: HttpResponse | Error, done: Done<string>): void {
  if (outcome instanceof Error) done(outcome)
  else if (outcome.status !== 200) done(new Error(`The origin answered with status ${outcome.status}`))
  else done(undefined, Buffer.from(outcome.body).toString())
}

/** Up to the next line feed; `undefined` where the stream ends before. Lines are few and short: a byte at a time. */
async function readLine(stream: Stream): Promise<string | undefined> {
  let line = ''
  for (let byte = await stream.read(1); byte !== undefined; byte = await stream.read(1)) {
    if (byte[0] === LINE_FEED) return line
    line += String.fromCharCode(byte[0]!)
  }
  return undefined
}
