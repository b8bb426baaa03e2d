import { type Address, type Loop, ms, type Random, type Task } from '../../harness/api.ts'
import { Audit } from './audit.ts'
import { openWebSocket } from './client.ts'
import type { WebSocket } from './connection.ts'
import { CLOSE } from './frames.ts'
import { largestMessage, type RoomParams } from './params.ts'
import { type Left, type MessageClass, parseObject } from './protocol.ts'

const NOTHING = new Uint8Array(0)

/** What a publisher sends; the server looks at room and class, the rest is between publisher and subscribers. */
export interface Published {
  readonly type: 'message'
  readonly room: string
  readonly class: MessageClass
  readonly publisher: number
  /** From 1, without gaps. */
  readonly sequence: number
  /** When it was meant to be sent, ns on the driver's clock. */
  readonly intendedNs: number
  readonly padding: string
}

export interface MemberOptions {
  readonly loop: Loop
  readonly address: Address
  readonly params: RoomParams
  readonly random: Random
}

function open({ loop, address, params, random }: MemberOptions): Promise<WebSocket> {
  return openWebSocket(loop, address, { maxMessageBytes: largestMessage(params), random })
}

/** Sends messages of one class to one room, and does not wait for anything. */
export class PublishingClient {
  readonly number: number
  readonly room: string
  readonly className: MessageClass
  readonly #socket: WebSocket
  readonly #padding: string
  /** Reads all the time, so that pings are answered; gives the one message there is for a publisher. */
  readonly #left: Task<unknown>
  sent = 0

  constructor(
    number: number,
    room: string,
    className: MessageClass,
    socket: WebSocket,
    { loop, params }: MemberOptions,
  ) {
    this.number = number
    this.room = room
    this.className = className
    this.#socket = socket
    this.#padding = className === 'chat' ? 'x'.repeat(params.chatBytes) : ''
    this.#left = loop.spawn(() => socket.receive(), { name: 'publisher' })
  }

  static async open(number: number, room: string, className: MessageClass, options: MemberOptions) {
    return new PublishingClient(number, room, className, await open(options), options)
  }

  publish(intendedNs: number): void {
    const { number: publisher, room, className } = this
    const message: Published = {
      type: 'message',
      room,
      class: className,
      publisher,
      sequence: ++this.sent,
      intendedNs,
      padding: this.#padding,
    }
    this.#socket.sendText(JSON.stringify(message))
  }

  /** Done when the server has dealt with all that was sent. Gives the code the connection ended with. */
  async leave(): Promise<number | undefined> {
    this.#socket.sendText('{"type":"leave"}')
    await this.#left
    await this.#socket.close(CLOSE.normal)
    return this.#socket.closeCode
  }
}

/** Takes what its room gets, at its own pace. */
export class SubscribingClient {
  readonly number: number
  readonly rooms: readonly string[]
  readonly isSlow: boolean
  readonly audit = new Audit()
  readonly #loop: Loop
  readonly #socket: WebSocket
  readonly #params: RoomParams
  #leaving = false
  /** The server's books about it; absent where the connection ended before. */
  left: Left | undefined

  constructor(
    number: number,
    rooms: readonly string[],
    isSlow: boolean,
    socket: WebSocket,
    { loop, params }: MemberOptions,
  ) {
    this.number = number
    this.rooms = rooms
    this.isSlow = isSlow
    this.#loop = loop
    this.#socket = socket
    this.#params = params
  }

  /** Connects, and is in the rooms. */
  static async open(number: number, rooms: readonly string[], isSlow: boolean, options: MemberOptions) {
    const socket = await open(options)
    for (const room of rooms) {
      socket.sendText(JSON.stringify({ type: 'subscribe', room }))
      await socket.receive()
    }
    return new SubscribingClient(number, rooms, isSlow, socket, options)
  }

  get closeCode(): number | undefined {
    return this.#socket.closeCode
  }

  /** Takes messages until it has left or is made to. */
  async run(taken: (message: Published) => void): Promise<void> {
    const stop = this.#sayIAmHere()
    try {
      for (let data = await this.#socket.receive(); data !== undefined; data = await this.#socket.receive()) {
        const message = data.kind === 'text' ? parseObject(data.text) : {}
        if (message.type === 'left') {
          this.left = message as unknown as Left
          break
        }
        this.#take(message as unknown as Published, taken)
        if (this.isSlow && !this.#leaving) await this.#loop.sleep(ms(this.#params.slowMs))
      }
      await this.#socket.close(CLOSE.normal)
    } finally {
      stop()
    }
  }

  /** From now on it takes messages as fast as it can, up to the last. */
  leave(): void {
    this.#leaving = true
    this.#socket.sendText('{"type":"leave"}')
  }

  #take(message: Published, taken: (message: Published) => void): void {
    this.audit.take(message.publisher, message.sequence)
    taken(message)
  }

  /** One that is slow gets to pings late, and is there all the same. */
  #sayIAmHere(): () => void {
    if (!this.isSlow) return () => {}
    const everyNs = ms(this.#params.silenceMs / 2)
    const beat = () => {
      this.#socket.pong(NOTHING)
      timer = this.#loop.callLater(everyNs, beat)
    }
    let timer = this.#loop.callLater(everyNs, beat)
    return () => timer.cancel()
  }
}
