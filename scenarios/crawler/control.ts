/**
 * What crawler and servers tell each other: JSON, a connection a message, sent again where that connection is lost, so
 * that a network that loses some (`--world loss=0.1`) is the crawler's problem and not the experiment's.
 */
import { type Address, type Listener, type Loop, ms, type Stream, TimeoutError } from '../../harness/api.ts'
import { connect } from './connect.ts'

/** From the servers: what there is to crawl, and where to tell of it. */
export interface SiteMap {
  readonly sites: readonly Site[]
  readonly reports: Address
}

export interface Site {
  readonly name: string
  readonly isGood: boolean
  readonly address: Address
  readonly pages: number
}

/** From the crawler: the measured pass begins, or has ended. */
export interface Edge {
  readonly edge: 'start' | 'stop'
}

/** From the crawler: nothing more comes. */
export interface End {
  readonly end: true
}

/** From the crawler: what became of the pages of one pass. */
export interface PassReport {
  readonly pass: string
  /** Whether the bad servers were crawled as well. */
  readonly withBad: boolean
  readonly results: readonly PageResult[]
}

export interface PageResult {
  readonly path: string
  readonly attempts: number
  /** SHA-256 of the page; absent where it was not fetched. */
  readonly digest?: string
  /** Why the last attempt failed; absent where it did not. */
  readonly reason?: string
}

export type Report = Edge | PassReport | End

const ANSWER_NS = ms(2000)
const ATTEMPTS = 5
const HEARD = Buffer.from('heard')

/** Tells things to one listener, one after another. */
export class Teller<T> {
  readonly #loop: Loop
  readonly #address: Address
  #told = 0

  constructor(loop: Loop, address: Address) {
    this.#loop = loop
    this.#address = address
  }

  /** Done when the other side has heard it. Throws when it has not at the last attempt. */
  async tell(message: T): Promise<void> {
    const bytes = Buffer.from(JSON.stringify({ id: this.#told++, message }))
    for (let attempt = 1; !(await this.#deliver(bytes)); attempt++) {
      if (attempt === ATTEMPTS) throw new Error('The other side of the scenario cannot be told anything')
    }
  }

  async #deliver(bytes: Uint8Array): Promise<boolean> {
    let stream: Stream | undefined
    try {
      return await this.#loop.timeout(ANSWER_NS, async () => {
        stream = await connect(this.#loop, this.#address)
        stream.write(bytes)
        stream.end()
        return (await readAll(stream)) === HEARD.toString()
      })
    } catch (error) {
      if (!isLoss(error) && !(error instanceof TimeoutError)) throw error
      return false
    } finally {
      stream?.close()
    }
  }
}

/** Hears each message once, in order, however often it is told. */
export function hear<T>(loop: Loop, address: Address, heard: (message: T) => void): Listener {
  let next = 0
  const listen = async (stream: Stream) => {
    try {
      const { id, message } = JSON.parse(await readAll(stream))
      if (id === next) {
        next++
        heard(message)
      }
      stream.write(HEARD)
    } catch (error) {
      // It will be told again.
      if (!isLoss(error)) throw error
    }
  }
  return loop.listen(address, listen, { name: 'control' })
}

async function readAll(stream: Stream): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
    text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** The network's doing: the connection was refused, reset or broken. */
export function isLoss(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error
}
