/**
 * What is not the same in every process: where a plug-in could look past its loop. Listed are public functions only;
 * Node's own code uses others, so that it is not disturbed.
 */
import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import dgram from 'node:dgram'
import dns from 'node:dns'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import v8 from 'node:v8'
import workerThreads from 'node:worker_threads'

export type AmbientKind = 'clock' | 'chance' | 'timer' | 'io' | 'machine'

export interface AmbientSource {
  readonly kind: AmbientKind
  /** As people write it; empty for globals. */
  readonly label: string
  readonly of: object
  readonly names: readonly string[]
}

/** What a call does to the run, and what gives the same thing repeatably. */
export const MEANINGS: Readonly<
  Record<AmbientKind, { readonly does: string; readonly remedy: string; readonly whileLoading: boolean }>
> = {
  clock: {
    does: 'reads the wall clock',
    remedy: 'take the time from env.clock in a policy, loop.nowNs() in a scenario',
    whileLoading: true,
  },
  chance: {
    does: 'draws numbers that no seed repeats',
    remedy: 'draw from env.random in a policy, ctx.random in a scenario',
    whileLoading: true,
  },
  timer: {
    does: 'uses a timer of real time',
    remedy: 'use loop.sleep or loop.callLater',
    whileLoading: false,
  },
  io: {
    does: 'does real I/O',
    remedy: 'use loop.readFile and the network of the loop, or read it while the file is loaded',
    whileLoading: false,
  },
  machine: {
    does: 'asks how the machine is doing',
    remedy: 'make it an option of the policy or a param of the scenario',
    whileLoading: false,
  },
}

const MAKERS_OF_CHANCE = [
  ...['randomBytes', 'pseudoRandomBytes', 'prng', 'rng', 'randomFill', 'randomFillSync', 'randomInt'],
  ...['randomUUID', 'generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
  ...['generatePrime', 'generatePrimeSync', 'createECDH', 'createDiffieHellman', 'getDiffieHellman'],
]
const RESOLVER = /^(lookup|lookupService|resolve.*|reverse)$/

/** Every function of a module; classes stand under their methods. */
function functionsOf(module: object, wanted = /^[a-z]/): string[] {
  const values = module as Record<string, unknown>
  return Object.keys(module).filter((name) => wanted.test(name) && typeof values[name] === 'function')
}

/** `http`, `https`, `tls` and `http2` connect and listen through `net`. */
export function ambientSources(): AmbientSource[] {
  const { subtle } = globalThis.crypto
  return [
    { kind: 'clock', label: 'Date', of: Date, names: ['now'] },
    {
      kind: 'clock',
      label: 'performance',
      of: Object.getPrototypeOf(performance),
      names: ['now', 'timeOrigin', 'mark', 'measure', 'toJSON', 'eventLoopUtilization'],
    },
    { kind: 'clock', label: 'process.hrtime', of: process.hrtime, names: ['bigint'] },
    { kind: 'clock', label: 'process', of: process, names: ['hrtime', 'uptime'] },
    { kind: 'clock', label: 'Event', of: Event.prototype, names: ['timeStamp'] },
    { kind: 'chance', label: 'Math', of: Math, names: ['random'] },
    { kind: 'chance', label: 'crypto', of: crypto, names: MAKERS_OF_CHANCE },
    {
      kind: 'chance',
      label: 'crypto',
      of: Object.getPrototypeOf(globalThis.crypto),
      names: ['getRandomValues', 'randomUUID'],
    },
    { kind: 'chance', label: 'crypto.subtle', of: Object.getPrototypeOf(subtle), names: ['generateKey'] },
    // What is still there depends on when the collector ran.
    { kind: 'machine', label: 'WeakRef', of: WeakRef.prototype, names: ['deref'] },
    { kind: 'timer', label: '', of: globalThis, names: ['setTimeout', 'setInterval', 'setImmediate'] },
    { kind: 'timer', label: 'timers', of: timers, names: ['setTimeout', 'setInterval', 'setImmediate'] },
    {
      kind: 'timer',
      label: 'timers/promises',
      of: timersPromises,
      names: ['setTimeout', 'setInterval', 'setImmediate'],
    },
    {
      kind: 'timer',
      label: 'scheduler',
      of: Object.getPrototypeOf(timersPromises.scheduler),
      names: ['wait', 'yield'],
    },
    { kind: 'io', label: 'fs', of: fs, names: functionsOf(fs) },
    { kind: 'io', label: 'fs.promises', of: fs.promises, names: functionsOf(fs.promises) },
    { kind: 'io', label: 'net.Socket', of: net.Socket.prototype, names: ['connect'] },
    { kind: 'io', label: 'net.Server', of: net.Server.prototype, names: ['listen'] },
    { kind: 'io', label: 'dgram', of: dgram, names: ['createSocket'] },
    { kind: 'io', label: 'dns', of: dns, names: functionsOf(dns, RESOLVER) },
    { kind: 'io', label: 'dns.promises', of: dns.promises, names: functionsOf(dns.promises, RESOLVER) },
    { kind: 'io', label: '', of: globalThis, names: ['fetch'] },
    { kind: 'io', label: 'child_process', of: childProcess, names: functionsOf(childProcess) },
    { kind: 'io', label: 'worker_threads', of: workerThreads, names: ['Worker'] },
    { kind: 'machine', label: 'process.memoryUsage', of: process.memoryUsage, names: ['rss'] },
    {
      kind: 'machine',
      label: 'process',
      of: process,
      names: ['memoryUsage', 'cpuUsage', 'resourceUsage', 'availableMemory', 'constrainedMemory'],
    },
    { kind: 'machine', label: 'v8', of: v8, names: ['getHeapStatistics', 'getHeapSpaceStatistics'] },
    { kind: 'machine', label: 'os', of: os, names: functionsOf(os) },
  ]
}
