/** A process per request: the parent accepts and hands each connection over; it never reads a byte of it. */
import type { ChildProcess } from 'node:child_process'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Address, Loop } from '../../harness/api.ts'
import { programOf, type Tools } from '../three-models/blocking.ts'
import { exitOf, startProcess } from '../three-models/process.ts'
import type { Usage } from '../three-models/usage.ts'
import type { OpenServer, ServerModel } from './models.ts'
import type { Service } from './service.ts'
import { Tally } from './tally.ts'

/** What a process says before it ends. */
interface Report {
  readonly answered: number
  readonly place: string
  readonly usage: Usage
}

/** A client that sends nothing holds a process no longer than this. */
const SILENCE_MS = 5000

/** The program of one process: answers what comes over one connection, tells what that cost, and ends. Self-contained. */
function serveConnection({ block, compute, usage }: Tools, silenceMs: number): void {
  const { createServer } = process.getBuiltinModule('node:http')
  const place = `${process.pid}/0`
  let answered = 0
  const report = () => {
    process.send!({ answered, place, usage: usage() }, () => process.disconnect())
  }
  process.on('message', ({ waitNs, iterations }: Service, socket: Socket | undefined) => {
    if (socket === undefined) return report()
    const server = createServer((request, response) => {
      const id = Number(/^\/work\?id=(\d{1,9})$/.exec(request.url!)?.[1] ?? Number.NaN)
      response.shouldKeepAlive = false
      if (Number.isNaN(id)) {
        response.writeHead(404).end('{"error":"No such path"}')
        return
      }
      block(waitNs)
      response.on('finish', () => answered++)
      response.end(JSON.stringify({ id, result: compute(iterations, id), place }))
    })
    socket.setTimeout(silenceMs, () => socket.destroy())
    socket.on('close', report)
    server.emit('connection', socket)
    socket.resume()
  })
}

/** Starts a program that takes one connection from its parent. */
export type StartProcess = () => ChildProcess

const startServing: StartProcess = () => startProcess(programOf(serveConnection, SILENCE_MS))

class ProcessServer implements OpenServer {
  readonly tally = new Tally()
  readonly #server: Server
  readonly #loop: Loop
  readonly #service: Service
  readonly #most: number
  readonly #start: StartProcess
  readonly #running = new Map<ChildProcess, Promise<void>>()
  /** Accepted, with no process yet. */
  readonly #waiting: Socket[] = []

  constructor(loop: Loop, service: Service, most: number, start: StartProcess) {
    this.#loop = loop
    this.#service = service
    this.#most = most
    this.#start = start
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo
    return { host: address, port }
  }

  listen(address: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address, resolve)
    })
  }

  left(): number {
    return this.#running.size + this.#waiting.length
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#waiting.splice(0)) {
      socket.destroy()
      this.tally.abort()
    }
    for (const child of this.#running.keys()) child.kill('SIGKILL')
    await this.#loop.fromPromise(Promise.all(this.#running.values()))
  }

  #accept(socket: Socket): void {
    this.tally.begin()
    socket.on('error', () => {}) // its owner will see; here it only waits
    this.#waiting.push(socket)
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#most) this.#handOver(this.#waiting.shift()!)
  }

  #handOver(socket: Socket): void {
    const child = this.#start()
    let report: Report | undefined
    child.on('message', (message) => {
      report = message as Report
      this.tally.addProcess(report.usage)
    })
    const exited = exitOf(child).then(() => {
      this.#running.delete(child)
      socket.destroy()
      if (report !== undefined && report.answered > 0) this.tally.answer(report.place)
      else this.tally.abort()
      this.#dispatch()
    })
    this.#running.set(child, exited)
    // One that could not be started has no channel, and has ended.
    if (child.pid === undefined) return
    // Kept open: Node forgets a connection whose new owner dies before it has it, and the client would wait for ever.
    child.send(this.#service, socket, { keepOpen: true }, (error) => error && child.kill('SIGKILL'))
  }
}

/** The model with processes of some program. */
export function processModel(start: StartProcess): ServerModel {
  return {
    name: 'processes',
    title: 'process per request',
    perRequest: true,
    inside: false,
    async open(loop, address, service, most) {
      const server = new ProcessServer(loop, service, most, start)
      await loop.fromPromise(server.listen(address))
      return server
    },
  }
}

export const processes = processModel(startServing)
