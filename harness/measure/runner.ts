/** Runs one round of one cell in fresh processes and makes its record. */
import type { Address, SelectorName } from '../contracts.ts'
import type { RecordedFinding, RoundRecord } from '../records.ts'
import { defaultSelector } from '../selectors/registry.ts'
import type { WorldModel } from '../world/model.ts'
import type { Arm } from './arm.ts'
import type { ChildMessage, ChildTask, Role } from './child.ts'
import { cpuMetrics } from './cost.ts'
import type { PlannedCell } from './plan.ts'
import { type Ending, RoundProcess } from './process.ts'
import { NEVER_READY, type Outcome } from './round.ts'
import { type Repeated, type Repetition, type VerifiedOutcome, verifyRound } from './verify.ts'

const NOTHING = { histograms: {}, metrics: {}, findings: [], tables: [], series: [], timelines: [] }
const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

export interface RoundRequest {
  readonly planned: PlannedCell
  readonly round: number
  readonly seed: number
  readonly timeLimitMs: number
  /** How often a virtual round is run, in different processes, to see that it repeats; 1: it is not verified. */
  readonly repeats: number
  /** Of a virtual round. */
  readonly world: WorldModel
  /** Asked before a round is repeated. */
  readonly isStopped: () => boolean
}

export async function runRound(request: RoundRequest): Promise<RoundRecord> {
  const startedMs = performance.now()
  const { arm } = request.planned
  const outcome = await outcomeOf(request)
  return {
    kind: 'round',
    cell: request.planned.cell,
    ...(arm === undefined ? {} : { arm: arm.name }),
    round: request.round,
    seed: request.seed,
    tookNs: Math.round((performance.now() - startedMs) * 1e6),
    ...outcome,
  }
}

function outcomeOf(request: RoundRequest): Promise<VerifiedOutcome> | Outcome {
  const { cell, scenario, unsupported } = request.planned
  if (unsupported !== undefined) return { ...NOTHING, status: 'unsupported', reason: unsupported }
  if (cell.time === 'virtual') return runInWorld(request)
  return scenario.scenario.main === undefined ? runServed(request) : runMain(request)
}

function taskOf(
  { planned, seed, timeLimitMs, world }: RoundRequest,
  role: Role,
  address = ANY_PORT,
): ChildTask {
  return {
    role,
    policy: planned.policy.label,
    scenario: planned.scenario.text,
    params: planned.cell.params,
    selector: planned.cell.selector as SelectorName,
    seed,
    address,
    timeLimitMs,
    world,
    sustain: planned.sustain,
    slowdown: role === 'load' ? undefined : planned.arm?.slowdown,
  }
}

/** What a child said until it ended. */
class Conversation {
  outcome: Outcome | undefined
  /** How often it ran its round; 0 where it did not say. */
  runs = 0
  stuckAt: string | undefined

  hear(message: ChildMessage): void {
    if (message.kind === 'outcome') Object.assign(this, { outcome: message.outcome, runs: message.runs })
    else if (message.kind === 'stuck') this.stuckAt = message.where
  }

  /** The outcome, or what is to be said where there is none. */
  conclude(ending: Ending, { timeLimitMs }: Pick<ChildTask, 'timeLimitMs'>): Outcome {
    if (this.outcome !== undefined) return this.outcome
    if (ending.how === 'exited') return exitedEarly(ending)
    if (ending.how === 'garbled')
      return failure('policy-error', `wrote on descriptor 3, which is the harness's: '${ending.line}'`)
    if (ending.how === 'timeout') return this.#timedOut(timeLimitMs)
    return failure('memory', 'used more memory than a round may (2 GiB) and was killed')
  }

  #timedOut(limitMs: number): Outcome {
    const where = this.stuckAt === undefined ? '' : `; it was in ${this.stuckAt}`
    const message = `did not end within ${limitMs / 1000} s and was killed${where}`
    return { ...failure('stuck', message), status: 'timeout' }
  }
}

function failure(kind: RecordedFinding['kind'], message: string): Outcome {
  return { ...NOTHING, status: 'failed', reason: message, findings: [{ kind, message, fatal: true }] }
}

function exitedEarly(ending: Extract<Ending, { how: 'exited' }>): Outcome {
  if (ending.output.includes('heap out of memory')) {
    return failure('memory', 'ran out of memory: its heap grew past the limit of 1 GiB')
  }
  const how = ending.signal === null ? `exited with code ${ending.code}` : `was ended by ${ending.signal}`
  const lines = ending.output.trim().split('\n')
  const last = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1)
  return failure('exited', `the process ${how} before its round was done${last ? `: ${last}` : ''}`)
}

async function runMain(request: RoundRequest): Promise<Outcome> {
  return (await runAlone(taskOf(request, 'main'), request.planned.arm)).outcome
}

function runInWorld(request: RoundRequest): Promise<VerifiedOutcome> {
  const { repeats, isStopped, planned } = request
  const task = taskOf(request, 'virtual')
  if (repeats === 1) return runAlone(task, planned.arm).then(({ outcome }) => outcome)
  const run = (repetition: Repetition) =>
    runAlone({ ...task, repetition, timeLimitMs: task.timeLimitMs * repetition.times }, planned.arm)
  return verifyRound({ repeats, isStopped, run })
}

/** Runs a virtual round and keeps its event log. */
export function runLogged(request: RoundRequest, logPath: string): Promise<Repeated> {
  const repetition = { times: 1, logPath }
  return runAlone({ ...taskOf(request, 'virtual'), repetition }, request.planned.arm)
}

async function runAlone(task: ChildTask, arm: Arm | undefined): Promise<Repeated> {
  const conversation = new Conversation()
  const child = new RoundProcess(task, arm, (message) => conversation.hear(message))
  const outcome = conversation.conclude(await child.ended, task)
  return { outcome, runs: conversation.runs }
}

/** Server and driver in a process each; the driver starts when the server can be reached. */
async function runServed(request: RoundRequest): Promise<Outcome> {
  const { arm } = request.planned
  const served = new Conversation()
  const loaded = new Conversation()
  let driver: RoundProcess | undefined
  let loading: Promise<Outcome> | undefined
  const server = new RoundProcess(taskOf(request, 'serve'), arm, (message) => {
    served.hear(message)
    if (message.kind !== 'ready' || driver !== undefined) return
    driver = new RoundProcess(driverTask(request, message.address), arm, (said) => {
      loaded.hear(said)
      if (said.kind === 'window') server.tell(said.edge)
      if (said.kind === 'outcome') server.tell('finish')
    })
    loading = driver.ended.then((ending) => loaded.conclude(ending, request))
    // A driver that broke down leaves a server that would wait for ever.
    void loading.then((outcome) => outcome.status === 'ok' || setTimeout(() => server.kill(), 500))
  })
  const serving = await server.ended.then((ending) => served.conclude(ending, request))
  if (serving.status !== 'ok') driver?.kill()
  return combine(serving, await loading)
}

/** The driver gets a little longer than the server: the server is what a time-out is about. */
function driverTask(request: RoundRequest, address: Address): ChildTask {
  const task = taskOf(request, 'load', address)
  return { ...task, selector: plainSelector(task.selector), timeLimitMs: task.timeLimitMs + 1000 }
}

/** The driver waits in the best way there is, whatever is being tested. */
function plainSelector(tested: SelectorName): SelectorName {
  return defaultSelector() === 'epoll' ? 'epoll' : tested
}

function combine(serving: Outcome, loading: Outcome | undefined): Outcome {
  if (loading === undefined && serving.status === 'ok') {
    return failure('invariant', `serve ${NEVER_READY}`)
  }
  if (loading === undefined || (serving.status !== 'ok' && serving.status !== 'failed')) return serving
  // What breaks the server breaks the load as well: the server's reason is the one to tell.
  const first =
    loading.status !== 'ok' && serving.reason?.startsWith('the process was ended by') ? loading : serving
  const broken = first.status !== 'ok' ? first : loading.status !== 'ok' ? loading : undefined
  const metrics = { ...serving.metrics, ...loading.metrics }
  const cpuNs = metrics['cpu.total']?.value ?? 0
  Object.assign(metrics, cpuMetrics(cpuNs, metrics.operations?.value ?? 0))
  return {
    status: broken?.status ?? 'ok',
    reason: broken?.reason,
    histograms: { ...serving.histograms, ...loading.histograms },
    metrics,
    findings:
      broken === first && first !== serving
        ? loading.findings
        : serving.status === 'ok'
          ? [...serving.findings, ...loading.findings]
          : serving.findings,
    tables: serving.tables,
    series: [...serving.series, ...loading.series],
    timelines: [...serving.timelines, ...loading.timelines],
  }
}
