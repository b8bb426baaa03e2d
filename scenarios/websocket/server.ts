import { type Loop, type Meter, ms, type Stream, us } from '../../harness/api.ts'
import type { Data, WebSocket } from './connection.ts'
import { CLOSE, encodeFrame, OPCODE } from './frames.ts'
import { BoundedOutbox, type OutboxFactory } from './outbox.ts'
import { largestMessage, type RoomParams } from './params.ts'
import { type MessageClass, parseRequest, type Request } from './protocol.ts'
import { Rooms } from './rooms.ts'
import { type Ending, Session } from './session.ts'
import { Steps } from './steps.ts'
import { Subscriber } from './subscriber.ts'

/** How long clients may take to answer our Close when the server stops. */
const SHUTDOWN_NS = ms(500)
const STEP_NS = ms(20)
const TABLE_ROWS = 6
/** Rooms that one client may be in. */
const MOST_ROOMS = 1000

interface Client {
  readonly number: number
  readonly session: Session
  socket: WebSocket | undefined
  subscriber: Subscriber | undefined
  readonly rooms: Set<string>
}

/** Publish and subscribe over WebSocket: the connections of one server, its rooms, and the books about both. */
export class RoomServer {
  readonly #loop: Loop
  readonly #params: RoomParams
  readonly #makeOutbox: OutboxFactory
  readonly #rooms = new Rooms<Client>()
  readonly #open = new Set<Client>()
  readonly #gone: Client[] = []
  readonly #held: Steps
  readonly endings: Record<Ending, number> = { closed: 0, page: 0, refused: 0, broken: 0, silent: 0 }
  #stopping = false
  #allClosed = () => {}
  accepted = 0
  published = 0
  disconnected = 0

  /** `makeOutbox` is there so that a test can take one that breaks its promise. */
  constructor(
    loop: Loop,
    params: RoomParams,
    makeOutbox: OutboxFactory = (...args) => new BoundedOutbox(...args),
  ) {
    this.#loop = loop
    this.#params = params
    this.#makeOutbox = makeOutbox
    this.#held = new Steps(STEP_NS, loop.nowNs())
  }

  /** A stream handler for `loop.listen`. */
  readonly serve = async (stream: Stream): Promise<void> => {
    const client = this.#admit(stream)
    try {
      this.endings[await client.session.serve()]++
    } finally {
      this.#rooms.leaveAll(client)
      client.subscriber?.end()
      this.#open.delete(client)
      if (client.subscriber !== undefined) this.#gone.push(client)
      if (this.#open.size === 0) this.#allClosed()
    }
  }

  /** Closes every connection; those that do not follow in time are reset. */
  async shutDown(): Promise<void> {
    this.#stopping = true
    if (this.#open.size === 0) return
    const closed = this.#loop.createFuture()
    this.#allClosed = () => closed.done || closed.setResult()
    for (const { socket, session } of this.#open) {
      if (socket === undefined) session.abort()
      else socket.sendClose(CLOSE.goingAway, 'The server stops')
    }
    const timer = this.#loop.callLater(SHUTDOWN_NS, () => {
      for (const { session } of this.#open) session.abort()
    })
    await closed
    timer.cancel()
  }

  /** What is not as it was promised. */
  *broken(): Iterable<string> {
    const { buffer } = this.#params
    for (const { number, subscriber } of this.#gone) {
      const { offered, written, dropped, discarded, mostHeld } = subscriber!
      if (mostHeld > buffer)
        yield `${mostHeld} messages were held for client ${number}, and ${buffer} are allowed`
      if (written + dropped + discarded !== offered) {
        yield `Of ${offered} messages for client ${number} ${written} were sent, ${dropped} dropped and ${discarded} discarded`
      }
    }
    if (this.#open.size > 0) yield `${this.#open.size} connections were left open`
    const ended = Object.values(this.endings).reduce((sum, count) => sum + count, 0)
    if (ended !== this.accepted) yield `${this.accepted} connections were accepted and ${ended} have ended`
  }

  report(meter: Meter): void {
    const subscribers = this.#gone.map(({ subscriber }) => subscriber!)
    const sum = (of: (subscriber: Subscriber) => number) =>
      subscribers.reduce((all, each) => all + of(each), 0)
    meter.count('published', this.published)
    meter.count(
      'dropped',
      sum(({ dropped }) => dropped),
    )
    meter.count('disconnected', this.disconnected)
    meter.count('connections', this.accepted)
    for (const ending of ['refused', 'broken', 'silent'] as const)
      meter.count(`connections.${ending}`, this.endings[ending])
    meter.value('held.most', Math.max(0, ...subscribers.map(({ mostHeld }) => mostHeld)), 'count')
    meter.timeSeries({
      title: 'Messages held back',
      unit: 'count',
      stepNs: STEP_NS,
      lines: { 'for all subscribers': this.#held.means(this.#loop.nowNs()) },
    })
    this.#reportWorst(meter)
  }

  #reportWorst(meter: Meter): void {
    const rows = this.#gone
      .map(({ number, rooms, subscriber }) => {
        const { offered, written, dropped, discarded, mostHeld } = subscriber!
        const where = rooms.size === 1 ? [...rooms][0] : `${rooms.size} rooms`
        return [`client ${number} in ${where}`, offered, written, dropped, discarded, mostHeld] as const
      })
      .filter(([, offered]) => offered > 0)
      .sort((a, b) => b[3] + b[4] - a[3] - a[4])
      .slice(0, TABLE_ROWS)
    if (rows.length === 0) return
    const columns = ['subscriber', 'offered', 'sent', 'dropped', 'lost at its end', 'most held']
    meter.table({
      title: 'Subscribers that lost most',
      columns: columns.map((name, i) => (i === 0 ? { name } : { name, unit: 'count' })),
      rows,
    })
  }

  #admit(stream: Stream): Client {
    const { silenceMs } = this.#params
    const session = new Session(this.#loop, stream, {
      maxMessageBytes: largestMessage(this.#params),
      silenceNs: ms(silenceMs),
      opened: (socket) => {
        client.socket = socket
        if (this.#stopping) socket.sendClose(CLOSE.goingAway)
      },
      received: (data) => this.#received(client, data),
    })
    const client: Client = {
      number: ++this.accepted,
      session,
      socket: undefined,
      subscriber: undefined,
      rooms: new Set(),
    }
    this.#open.add(client)
    return client
  }

  async #received(client: Client, data: Data): Promise<boolean> {
    if (client.socket!.isClosing) return true // it has to go: what it still says does not count
    const request = data.kind === 'text' ? parseRequest(data.text) : undefined
    if (request === undefined || client.rooms.size === MOST_ROOMS) return false
    if (request.type === 'message') await this.#publish(request, (data as { readonly text: string }).text)
    else if (request.type === 'subscribe') this.#subscribe(client, request)
    else this.#leave(client)
    return true
  }

  #subscribe(client: Client, { room }: { readonly room: string }): void {
    const { buffer, overflow } = this.#params
    const heldChanged = (by: number) => this.#held.change(by, this.#loop.nowNs())
    client.subscriber ??= new Subscriber(
      this.#loop,
      client.socket!,
      this.#makeOutbox(buffer, overflow),
      heldChanged,
    )
    client.rooms.add(room)
    const members = this.#rooms.join(room, client)
    client.socket!.sendText(JSON.stringify({ type: 'subscribed', room, members }))
  }

  #leave(client: Client): void {
    this.#rooms.leaveAll(client)
    if (client.subscriber !== undefined) client.subscriber.leave()
    else client.socket!.sendText(JSON.stringify({ type: 'left', offered: 0, dropped: 0, mostHeld: 0 }))
  }

  /** In a task of the message's class; the next of the same publisher waits for it, so that their order holds. */
  #publish(
    { room, class: className }: Extract<Request, { type: 'message' }>,
    text: string,
  ): PromiseLike<void> {
    const costNs = us(this.#params[COSTS[className]])
    return this.#loop.spawn(
      async () => {
        this.#loop.work(costNs)
        this.#fanOut(room, text)
      },
      { className, expectedNs: costNs, name: className },
    )
  }

  /** The same bytes for everybody: they are put into a frame once. */
  #fanOut(room: string, text: string): void {
    this.published++
    const frame = encodeFrame(OPCODE.text, Buffer.from(text))
    for (const client of this.#rooms.in(room)) {
      if (!client.subscriber!.deliver(frame)) this.#disconnect(client)
    }
  }

  #disconnect(client: Client): void {
    this.disconnected++
    this.#rooms.leaveAll(client)
    client.subscriber!.disconnect()
    // It does not read, so it may not read this either.
    this.#loop.callLater(SHUTDOWN_NS, () => this.#open.has(client) && client.session.abort())
  }
}

const COSTS: Readonly<Record<MessageClass, 'alertUs' | 'chatUs'>> = { alert: 'alertUs', chat: 'chatUs' }
