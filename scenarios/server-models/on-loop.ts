/** Servers whose connections are the loop's: an event per request, and a thread per request. */
import { type Address, type Loop, ms, Semaphore } from '../../harness/api.ts'
import type { Answer as HttpAnswer, Job } from '../http/connection.ts'
import type { HttpRequest } from '../http/request.ts'
import { HttpServer } from '../http/server.ts'
import { compute, type Tools } from '../three-models/blocking.ts'
import { JobThread } from '../three-models/thread.ts'
import type { OpenServer, ServerModel } from './models.ts'
import { type Answer, idOf, type Service } from './service.ts'
import { Tally } from './tally.ts'

const TIMEOUT_NS = ms(10_000)
const HERE = `${process.pid}/0`

/** Gives the answer to one request, in whatever way. */
type Work = (id: number) => Generator<unknown, Answer>

/** An HTTP server that answers with what the work gives. */
export function openOnLoop(loop: Loop, address: Address, className: string, work: Work): OpenServer {
  const tally = new Tally()
  const server = new HttpServer(loop, {
    route: (request) => jobOf(request, className, work, tally),
    headerTimeoutNs: TIMEOUT_NS,
    idleTimeoutNs: TIMEOUT_NS,
  })
  const listener = loop.listen(address, server.serve, { name: 'connection', className })
  return {
    address: listener.address,
    tally,
    left: () => tally.underWay,
    async close() {
      listener.close()
      await server.shutDown()
    },
  }
}

function jobOf({ target }: HttpRequest, className: string, work: Work, tally: Tally): Job {
  const id = idOf(target)
  if (id === undefined) return { status: 404, body: '{"error":"No such path"}' }
  return { className, run: () => handle(id, work, tally) }
}

function* handle(id: number, work: Work, tally: Tally): Generator<unknown, HttpAnswer> {
  tally.begin()
  let answer: Answer
  try {
    answer = yield* work(id)
  } catch (error) {
    tally.abort()
    throw error
  }
  tally.answer(answer.place)
  return { status: 200, body: JSON.stringify(answer) }
}

export const eventLoop: ServerModel = {
  name: 'eventLoop',
  title: 'event per request',
  perRequest: false,
  inside: true,
  async open(loop, address, { waitNs, iterations }) {
    return openOnLoop(loop, address, 'eventLoop', function* (id) {
      yield loop.sleep(waitNs)
      return { id, result: compute(iterations, id), place: HERE }
    })
  },
}

/** Blocking code. Self-contained: it runs in a thread. */
function answerBlocking({ block, compute }: Tools, { waitNs, iterations }: Service, id: number): Answer {
  block(waitNs)
  const { threadId } = process.getBuiltinModule('node:worker_threads')
  return { id, result: compute(iterations, id), place: `${process.pid}/${threadId}` }
}

/**
 * Node cannot give a socket to a thread: the loop reads the request and writes the answer, and all between is the
 * thread's.
 */
export const threads: ServerModel = {
  name: 'threads',
  title: 'thread per request',
  perRequest: true,
  inside: true,
  async open(loop, address, service, most) {
    const room = new Semaphore(loop, most)
    const running = new Set<JobThread<[Service, number], Answer>>()
    const server = openOnLoop(loop, address, 'threads', function* (id) {
      yield room.acquire()
      const thread = new JobThread(answerBlocking)
      running.add(thread)
      try {
        return (yield loop.fromPromise(thread.run(service, id))) as Answer
      } finally {
        running.delete(thread)
        room.release()
        void thread.end()
      }
    })
    return {
      ...server,
      async close() {
        await loop.fromPromise(Promise.all([...running].map((thread) => thread.end())))
        await server.close()
      },
    }
  },
}
