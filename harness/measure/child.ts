/**
 * The process of one round (or of one side of it). Its task comes as JSON in the first argument, what it has to say
 * goes as JSON lines to descriptor 3, and commands come on standard input: `start`, `stop` and `finish`.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadPlugin } from '../catalog.ts'
import type { Address, SelectorName } from '../contracts.ts'
import { messageOf } from '../errors.ts'
import { preparePolicy } from '../policy-parts.ts'
import { dieWithParent } from '../selectors/syscalls.ts'
import { brokenOutcome, type Outcome, runReal, runVirtual } from './round.ts'
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
}

export type ChildMessage =
  | { readonly kind: 'ready'; readonly address: Address }
  | { readonly kind: 'window'; readonly edge: 'start' | 'stop' }
  | { readonly kind: 'stuck'; readonly where: string }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }

const MESSAGES_FD = 3

function say(message: ChildMessage): void {
  writeSync(MESSAGES_FD, `${JSON.stringify(message)}\n`)
}

async function run(task: ChildTask): Promise<Outcome> {
  let finish = () => {}
  let driversWindow = (_edge: 'start' | 'stop') => {}
  const commands = createInterface({ input: process.stdin })
  commands.on('line', (line) => (line === 'finish' ? finish() : driversWindow(line as 'start' | 'stop')))
  // The harness is gone: so are we. (On Linux the kernel has seen to that already.)
  commands.on('close', () => process.exit(1))
  try {
    const { scenario: name, params, selector, seed, address } = task
    const [scenario, policy, plain] = [
      await loadPlugin('scenario', name),
      await preparePolicy(task.policy),
      await preparePolicy('fifo'),
    ]
    const input = { scenario, policy, plain, params, selector, seed }
    if (task.role === 'virtual') return await runVirtual(input)
    return await runReal(input, task.role, {
      address,
      ready: (bound) => say({ kind: 'ready', address: bound }),
      onWindow: (edge) => say({ kind: 'window', edge }),
      onDriversWindow: (callback) => {
        driversWindow = callback
      },
      onLoadFinished: (callback) => {
        finish = callback
      },
    })
  } catch (error) {
    return brokenOutcome(error)
  }
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

const task = JSON.parse(process.argv[2]!) as ChildTask
dieWithParent()
startWatchdog(task.timeLimitMs, MESSAGES_FD)
const dropped: unknown[] = []
process.on('unhandledRejection', (error) => dropped.push(error))
say({ kind: 'outcome', outcome: withDropped(await run(task), dropped) })
process.exit(0)
