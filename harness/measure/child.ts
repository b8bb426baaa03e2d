/**
 * The process of one round (or of one side of it). Its task comes as JSON in the first argument, what it has to say
 * goes as JSON lines to descriptor 3, and commands come on standard input: `start`, `stop` and `finish`.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadPlugin } from '../catalog.ts'
import type { Address, Finding, SelectorName } from '../contracts.ts'
import { messageOf } from '../errors.ts'
import { preparePolicy } from '../policy-parts.ts'
import { dieWithParent } from '../selectors/syscalls.ts'
import { keepEventLog } from '../world/event-log.ts'
import type { WorldModel } from '../world/model.ts'
import { AmbientWatch } from './ambient.ts'
import {
  brokenOutcome,
  type Outcome,
  type Rendezvous,
  type RoundInput,
  runReal,
  runVirtual,
} from './round.ts'
import { type Sustain, sustain } from './sustain.ts'
import type { Repeated, Repetition } from './verify.ts'
import { sameOutcome } from './verify-figures.ts'
import { startWatchdog } from './watchdog.ts'

export type Role = 'virtual' | 'main' | 'serve' | 'load'

export interface ChildTask {
  readonly role: Role
  readonly policy: string
  readonly scenario: string
  readonly params: unknown
  readonly selector: SelectorName
  readonly seed: number
  readonly address: Address
  /** 0: none. */
  readonly timeLimitMs: number
  /** Of a real round that is the whole scenario in one process. */
  readonly sustain?: Sustain
  /** By which share of its processor time the side under test is slowed down on purpose. */
  readonly slowdown?: number
  /** Of virtual rounds only, as is what follows. */
  readonly world: WorldModel
  /** Absent: it is run once. */
  readonly repetition?: Repetition
}

export type ChildMessage =
  | { readonly kind: 'ready'; readonly address: Address }
  | { readonly kind: 'window'; readonly edge: 'start' | 'stop' }
  | { readonly kind: 'stuck'; readonly where: string }
  | ({ readonly kind: 'outcome' } & Repeated)

const MESSAGES_FD = 3

function say(message: ChildMessage): void {
  writeSync(MESSAGES_FD, `${JSON.stringify(message)}\n`)
}

let finish = () => {}
let driversWindow = (_edge: 'start' | 'stop') => {}

function listen(): void {
  const commands = createInterface({ input: process.stdin })
  commands.on('line', (line) => (line === 'finish' ? finish() : driversWindow(line as 'start' | 'stop')))
  // The harness is gone: so are we. (On Linux the kernel has seen to that already.)
  commands.on('close', () => process.exit(1))
}

async function load(task: ChildTask): Promise<RoundInput> {
  const { params, selector, seed, world, slowdown } = task
  return {
    scenario: await loadPlugin('scenario', task.scenario),
    policy: await preparePolicy(task.policy),
    plain: await preparePolicy('fifo'),
    params,
    selector,
    seed,
    world,
    slowdown,
  }
}

async function runSide(task: ChildTask, role: 'main' | 'serve' | 'load'): Promise<Outcome> {
  const input = await load(task)
  const run = () => runReal(input, role, meetingOf(task))
  return role === 'main' && task.sustain !== undefined ? sustain(run, task.sustain) : run()
}

function meetingOf(task: ChildTask): Rendezvous {
  return {
    address: task.address,
    ready: (bound) => say({ kind: 'ready', address: bound }),
    onWindow: (edge) => say({ kind: 'window', edge }),
    onDriversWindow: (callback) => {
      driversWindow = callback
    },
    onLoadFinished: (callback) => {
      finish = callback
    },
  }
}

/** Watched for what is not the same in every process, and repeated until a run differs. */
async function runInWorlds(task: ChildTask): Promise<Repeated> {
  const { times = 1, digest, logPath }: Partial<Repetition> = task.repetition ?? {}
  const ambient = new AmbientWatch(task)
  let input: RoundInput | undefined
  let first: Outcome | undefined
  for (let runs = 1; ; runs++) {
    const closeLog = logPath === undefined ? undefined : keepEventLog(logPath)
    const ended = await attempt(async () => {
      input ??= await load(task)
      ambient.worldStarts()
      return runVirtual(input)
    })
    closeLog?.()
    const outcome = withFaults(ended, ambient.findings())
    first ??= outcome
    const differs = outcome.digest !== (digest ?? first.digest) || !sameOutcome(outcome, first)
    if (!differs && runs < times) continue
    ambient.release()
    return { outcome, runs }
  }
}

const dropped: unknown[] = []

async function attempt(run: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await run().catch(brokenOutcome)
  return withDropped(outcome, dropped.splice(0))
}

/** A rejection that nobody handled is an error that the scenario or the policy has lost. */
function withDropped(outcome: Outcome, errors: readonly unknown[]): Outcome {
  if (errors.length === 0) return outcome
  const message = `a promise was rejected and nobody handled it: ${messageOf(errors[0])}`
  const findings = [...outcome.findings, { kind: 'exception', message, fatal: true, times: errors.length }]
  return outcome.status === 'ok'
    ? { ...outcome, status: 'failed', reason: message, findings }
    : { ...outcome, findings }
}

/** What went round the world comes first: it may be why the rest went wrong. */
function withFaults(outcome: Outcome, faults: readonly Finding[]): Outcome {
  const [first] = faults
  if (first === undefined) return outcome
  const findings = [...faults, ...outcome.findings]
  return { ...outcome, status: 'failed', reason: first.message, findings }
}

const task = JSON.parse(process.argv[2]!) as ChildTask
const { role } = task
dieWithParent()
startWatchdog(task.timeLimitMs, MESSAGES_FD)
process.on('unhandledRejection', (error) => dropped.push(error))
listen()
const repeated =
  role === 'virtual'
    ? await runInWorlds(task)
    : { outcome: await attempt(() => runSide(task, role)), runs: 1 }
say({ kind: 'outcome', ...repeated })
process.exit(0)
