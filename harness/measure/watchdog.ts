import { Worker } from 'node:worker_threads'

/** So much before the time limit the watchdog looks, so that its answer arrives before the process is killed. */
const HEADSTART_MS = 1000

/**
 * Runs in a thread of its own, so that a main thread that never returns can still be asked where it is: the
 * inspector interrupts it and tells the call stack. A main thread asleep in a system call does not answer.
 */
const SOURCE = `
const { Session } = require('node:inspector')
const { writeSync } = require('node:fs')
const { workerData } = require('node:worker_threads')
const { afterMs, patienceMs, fd } = workerData

// Alive for as long as the process: the end of a thread that has asked the main thread's inspector aborts the
// process now and then (Node 20 destroys a lock that the main thread still holds).
setInterval(() => {}, 2 ** 30)

function say(where) {
  writeSync(fd, JSON.stringify({ kind: 'stuck', where }) + '\\n')
}

const scripts = new Map()

function place(frame) {
  const file = urlOf(frame).split('/').slice(-2).join('/')
  return (frame.functionName || 'anonymous function') + ' (' + file + ':' + (frame.location.lineNumber + 1) + ')'
}

function urlOf(frame) {
  return scripts.get(frame.location.scriptId) || frame.url
}

setTimeout(() => {
  const session = new Session()
  const asleep = setTimeout(() => say('asleep in the selector: nothing it waits for happens'), patienceMs)
  session.connectToMainThread()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
  session.on('Debugger.paused', ({ params }) => {
    clearTimeout(asleep)
    const frames = params.callFrames.filter((frame) => !urlOf(frame).startsWith('node:'))
    say(frames.slice(0, 3).map(place).join(', called by '))
    session.post('Debugger.resume')
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
}, afterMs)
`

/** Says where the main thread is shortly before the time limit. 0: never. */
export function startWatchdog(timeLimitMs: number, fd: number): Worker | undefined {
  if (timeLimitMs <= 0) return undefined
  // The harness counts from when it started this process.
  const leftMs = timeLimitMs - process.uptime() * 1000
  const afterMs = Math.max(leftMs / 2, leftMs - HEADSTART_MS)
  const workerData = { afterMs, patienceMs: (leftMs - afterMs) / 2, fd }
  const worker = new Worker(SOURCE, { eval: true, workerData })
  worker.unref()
  return worker
}
