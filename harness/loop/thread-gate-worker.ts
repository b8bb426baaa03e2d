/** What runs in a thread behind a gate, as source text: so it needs no file, whatever the program is made of. */
import type { ThreadMistake } from './thread-gate.ts'

/** An error on its way between threads. */
export interface ThreadFailure {
  readonly name: string
  readonly message: string
  readonly mistake?: ThreadMistake
}

/** What a thread is started with. */
export interface ThreadWork {
  readonly source: string
  readonly args: readonly unknown[]
  /** From `threadsNs` to the loop's clock. */
  readonly offsetNs: number
}

/** The time on a clock that all threads of a process share: `performance.now` counts from the start of each. */
export function threadsNs(): number {
  return Number(process.hrtime.bigint())
}

/** Work for the loop. */
export interface SubmitMessage {
  readonly kind: 'submit'
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
  /** On the loop's clock. */
  readonly submittedNs: number
}

/** What a thread tells the loop. */
export type ThreadMessage =
  | SubmitMessage
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'ended'; readonly value?: unknown; readonly error?: ThreadFailure }

/** The thread's side of `ThreadPort`. Its port is closed at the end, so that nothing keeps the thread alive. */
export const WORKER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const waiting = new Map()
let submissions = 0
let closed

const nowNs = () => Number(process.hrtime.bigint()) + workerData.offsetNs
const toError = ({ message, ...rest }) => Object.assign(new Error(message), rest)

function take(id) {
  const waiter = waiting.get(id)
  waiting.delete(id)
  if (waiter !== undefined) clearTimeout(waiter.timer)
  return waiter
}

function giveUp(id, name, timeoutNs) {
  const waiter = take(id)
  if (waiter === undefined) return
  parentPort.postMessage({ kind: 'cancel', id })
  const message = name + ' was not answered within ' + timeoutNs / 1e6 + ' ms'
  waiter.reject(toError({ name: 'TimeoutError', message }))
}

function submit(name, args = [], timeoutNs) {
  return new Promise((resolve, reject) => {
    if (closed !== undefined) return reject(toError(closed))
    const id = submissions++
    try {
      parentPort.postMessage({ kind: 'submit', id, name, args, submittedNs: nowNs() })
    } catch ({ message }) {
      return reject(toError(mistaken('unsendable', 'Cannot submit ' + name + ': ' + message)))
    }
    const timer = timeoutNs === undefined ? undefined : setTimeout(giveUp, timeoutNs / 1e6, id, name, timeoutNs)
    waiting.set(id, { resolve, reject, timer })
  })
}

parentPort.on('message', (message) => {
  if (message.kind === 'closed') {
    closed = message.error
    for (const id of [...waiting.keys()]) take(id).reject(toError(closed))
    return
  }
  const waiter = take(message.id)
  if (waiter === undefined) return
  if (message.error === undefined) waiter.resolve(message.value)
  else waiter.reject(toError(message.error))
})

const mistaken = (mistake, message) => ({ name: 'WrongThreadError', mistake, message })

function failureOf(error) {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, mistake } = error
  if (name === 'DataCloneError') return mistaken('unsendable', 'A thread cannot send its result: ' + message)
  if (name === 'ReferenceError' && message.endsWith(' is not defined')) {
    const blind = 'The function of a thread cannot see what is around it'
    return mistaken('closure', blind + ' (' + message + '): pass it as an argument')
  }
  return { name, message, ...(mistake !== undefined && { mistake }) }
}

async function run() {
  try {
    const value = await (0, eval)('(' + workerData.source + ')')({ submit, nowNs }, ...workerData.args)
    parentPort.postMessage({ kind: 'ended', value })
  } catch (error) {
    parentPort.postMessage({ kind: 'ended', error: failureOf(error) })
  }
  parentPort.close()
}
void run()
`
