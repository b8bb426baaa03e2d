import { type Address, type Loop, ms, type Stream } from '../../harness/api.ts'
import { CONTROL_BYTE, Lines, type Question, writeLine } from './control.ts'
import { type Memory, memoryInUse } from './memory.ts'
import { type Room, roomUnder } from './room.ts'

/** Length of a ping, and of its echo. */
export const PING_BYTES = 16

/** Tries, a millisecond apart, for connections that the driver has made already to be accepted. */
const ACCEPT_TRIES = 5000
/** What a peer that has gone away leaves behind: part of the service. */
const GONE = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_CLOSED'])

/** What the loop under test needed for one size. */
export interface Step {
  /** Connections in all; `held` of them by the loop under test. */
  readonly size: number
  readonly held: number
  /** Processor time per ping. */
  readonly perEventNs: number
  readonly roundTripNs: number
  readonly memory: Memory
}

interface Begun {
  readonly bytes: number
  readonly cpu: NodeJS.CpuUsage
  readonly held: number
  readonly memory: Memory
}

/** Answers a ping with the same bytes. */
export type Echo = (stream: Stream, chunk: Uint8Array) => void

const echoBack: Echo = (stream, chunk) => stream.write(chunk)

/** Holds any number of connections, each in a task of its own, and measures itself between `begin` and `end`. */
export class EchoServer {
  readonly #loop: Loop
  readonly #echo: Echo
  readonly #acceptTries: number
  readonly #streams = new Set<Stream>()
  readonly room: Room
  /** Where it can be reached. */
  addresses: readonly Address[] = []
  readonly steps: Step[] = []
  readonly #empty: Memory
  #begun: Begun | undefined
  #controls = 0
  #bytes = 0
  opened = 0
  /** Ended by the peer in order, or by us. */
  ended = 0
  /** Ended by the peer with a reset. */
  reset = 0

  constructor(
    loop: Loop,
    { echo = echoBack, acceptTries = ACCEPT_TRIES, room = roomUnder(loop.selector) } = {},
  ) {
    this.#loop = loop
    this.#echo = echo
    this.#acceptTries = acceptTries
    this.room = room
    this.#empty = memoryInUse()
  }

  /** A stream handler for `loop.listen`. */
  readonly serve = async (stream: Stream): Promise<void> => {
    this.opened++
    this.#streams.add(stream)
    try {
      await this.#talk(stream)
      this.ended++
    } catch (error) {
      if (!GONE.has((error as { code: string }).code)) throw error
      this.reset++
    } finally {
      this.#streams.delete(stream)
    }
  }

  /** Closes what is still open; done when all of it is gone. */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.close()
    while (this.#streams.size > 0) await this.#loop.sleep(ms(1))
  }

  /** Growth per connection from none to the most, bytes. */
  memoryPerConnection(step: Step): Memory {
    return {
      heap: (step.memory.heap - this.#empty.heap) / step.held,
      resident: (step.memory.resident - this.#empty.resident) / step.held,
    }
  }

  async #talk(stream: Stream): Promise<void> {
    const first = await stream.read()
    if (first?.[0] === CONTROL_BYTE) return this.#obey(stream, first)
    for (let chunk = first; chunk !== undefined; chunk = await stream.read()) {
      this.#bytes += chunk.length
      this.#echo(stream, chunk)
    }
  }

  async #obey(stream: Stream, first: Uint8Array): Promise<void> {
    this.#controls++
    const lines = new Lines(stream, first)
    for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
      writeLine(stream, await this.#answer(JSON.parse(line) as Question))
    }
    this.#controls--
  }

  async #answer(question: Question): Promise<object> {
    if (question.ask === 'welcome') return { ...this.room, addresses: this.addresses }
    if (question.ask === 'begin') return this.#begin(question.connections)
    return this.#end(question.size, question.roundTripNs)
  }

  get #held(): number {
    return this.#streams.size - this.#controls
  }

  async #begin(connections: number): Promise<object> {
    for (let tries = this.#acceptTries; this.#held < connections && tries > 0; tries--) {
      await this.#loop.sleep(ms(1))
    }
    const held = this.#held
    const memory = this.#begun?.held === held ? this.#begun.memory : memoryInUse()
    this.#begun = { bytes: this.#bytes, cpu: process.cpuUsage(), held, memory }
    return { held }
  }

  #end(size: number, roundTripNs: number): object {
    const begun = this.#begun!
    const { user, system } = process.cpuUsage(begun.cpu)
    const events = (this.#bytes - begun.bytes) / PING_BYTES
    const perEventNs = ((user + system) * 1e3) / Math.max(1, events)
    const { held, memory } = begun
    this.#keep({ size, held, perEventNs, roundTripNs, memory })
    return { events }
  }

  /** Of the runs of one size the cheapest: the one that compilers, garbage and neighbours disturbed least. */
  #keep(step: Step): void {
    const kept = this.steps.at(-1)
    if (kept?.size !== step.size) this.steps.push(step)
    else if (step.perEventNs < kept.perEventNs) this.steps[this.steps.length - 1] = step
  }
}
