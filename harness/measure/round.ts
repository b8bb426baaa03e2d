/** One round of one cell, inside its own process: sets up loops, runs the scenario, gathers what was measured. */
import type { Address, Scenario, SelectorName } from '../contracts.ts'
import { classesOf } from '../define.ts'
import { messageOf, PolicyFault, UnavailableError, UnsupportedError } from '../errors.ts'
import type { AnyFuture, Future } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import type { PreparedPolicy } from '../policy-parts.ts'
import { createRandom } from '../random.ts'
import type { RoundRecord, RoundStatus } from '../records.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import type { WorldModel } from '../world/model.ts'
import { VirtualEvent } from '../world/transport.ts'
import { World } from '../world/world.ts'
import { CpuWindow, cpuMetrics, peakMemory } from './cost.ts'
import { HealthObserver } from './health.ts'
import { createRealRuntime, createVirtualHost, type Runtime } from './runtime.ts'
import { type Meeting, Side } from './side.ts'
import { Slowdown } from './slowdown.ts'

/** What a round came to; the harness adds cell, number and time. */
export type Outcome = Pick<
  RoundRecord,
  | 'status'
  | 'reason'
  | 'histograms'
  | 'metrics'
  | 'findings'
  | 'tables'
  | 'series'
  | 'timelines'
  | 'digest'
  | 'checkpoints'
>

export interface RoundInput {
  readonly policy: PreparedPolicy
  /** Who drives a served scenario runs plainly, whatever policy is under test. */
  readonly plain: PreparedPolicy
  readonly scenario: Scenario
  readonly params: unknown
  readonly selector: SelectorName
  readonly seed: number
  /** What a virtual round's world is like. */
  readonly world?: WorldModel
  /** Of a real round: by which share of its processor time the side under test is slowed down on purpose. */
  readonly slowdown?: number
}

/** Between the serving and the driving process. */
export interface Rendezvous extends Meeting {
  /** This side's window opens or closes. */
  onWindow(edge: 'start' | 'stop'): void
  /** Calls back when the driving side's window does. */
  onDriversWindow(callback: (edge: 'start' | 'stop') => void): void
  /** Calls back when the driving side is finished. */
  onLoadFinished(callback: () => void): void
}

/** A side that lacks a capability decides; then whatever broke a promise. */
function concludeSides(sides: readonly Side[]): Pick<Outcome, 'status' | 'reason' | 'findings'> {
  const findings = sides.flatMap((side) => side.findings())
  const incapable = sides.find((side) => side.incapable !== undefined)?.incapable
  if (incapable !== undefined) return { ...brokenOutcome(incapable), findings: [] }
  const fatal = findings.find((finding) => finding.fatal)
  return fatal === undefined
    ? { status: 'ok', findings }
    : { status: 'failed', reason: fatal.message, findings }
}

/** An outcome without figures: why the round could not be run. */
export function brokenOutcome(error: unknown): Outcome {
  const empty = { histograms: {}, metrics: {}, tables: [], series: [], timelines: [] }
  const reason = messageOf(error)
  if (error instanceof PolicyFault) {
    return {
      ...empty,
      status: 'failed',
      reason,
      findings: [{ kind: error.kind, message: reason, fatal: true }],
    }
  }
  const status: RoundStatus =
    error instanceof UnavailableError
      ? 'unavailable'
      : error instanceof UnsupportedError
        ? 'unsupported'
        : 'failed'
  const findings = status === 'failed' ? [{ kind: 'exception' as const, message: reason, fatal: true }] : []
  return { ...empty, status, reason, findings }
}

/** What is said where a server was never driven: its cell would pass on nothing. */
export const NEVER_READY = 'ended without calling ctx.ready: nothing drove it'

/** Both sides on one virtual time line. */
export async function runVirtual(input: RoundInput): Promise<Outcome> {
  const random = createRandom(input.seed)
  const world = new World(input.world, random.fork('world'))
  const { scenario, params } = input
  const health = new HealthObserver('virtual')
  const makeHost = (index: number, policy: PreparedPolicy, observers: HealthObserver[]) =>
    createVirtualHost(world, index, {
      policy,
      classes: classesOf(scenario, params),
      random: random.fork(`policy-${index}`),
      observers,
    })
  const driver =
    scenario.main === undefined
      ? new Side(makeHost(1, input.plain, []), undefined, random.fork('load'))
      : undefined
  const tested = new Side(makeHost(0, input.policy, [health]), health, random.fork('scenario'))
  const until = startVirtual(tested, driver, scenario, params)
  try {
    await world.run(until)
  } catch (error) {
    if (error instanceof PolicyFault) throw error
    // A side that failed leaves the other waiting for ever: both are told, the cause first.
    tested.failed('the round cannot end', error)
  }
  if (driver !== undefined && until.length === 1) tested.failed('serve', new Error(NEVER_READY))
  const sides = driver === undefined ? [tested] : [tested, driver]
  const { log } = world
  return {
    ...mergeSides(sides),
    ...concludeSides(sides),
    digest: log.digest(),
    checkpoints: log.checkpoints(),
  }
}

/** Starts the scenario; gives what has to be done for the round to be over (the load is added when it starts). */
function startVirtual(
  tested: Side,
  driver: Side | undefined,
  scenario: Scenario,
  params: unknown,
): AnyFuture[] {
  const nowhere = { address: { host: '127.0.0.1', port: 0 }, ready: () => {} }
  tested.meter.open()
  if (driver === undefined) {
    const context = tested.context(params, nowhere, nothing(tested.loop))
    tested.meter.onWindow = (edge) => tested.health?.window(edge)
    return [tested.start('main', () => scenario.main!(tested.loop, context))]
  }
  driver.meter.open()
  driver.meter.onWindow = (edge) => tested.health?.window(edge)
  const loadFinished = tested.loop.createFuture()
  const until: AnyFuture[] = []
  const ready = (address: Address) => {
    const driven = driver.loop.createFuture()
    until.push(driven)
    const context = driver.context(params, { address, ready: () => {} }, loadFinished)
    tellAcross(tested.loop, driver.loop, () => {
      const loading = driver.start('load', () => scenario.load!(driver.loop, context))
      loading.addDoneCallback(() => {
        driven.setResult()
        tellAcross(driver.loop, tested.loop, () => loadFinished.setResult())
      })
    })
  }
  const context = tested.context(params, { ...nowhere, ready }, loadFinished)
  until.push(tested.start('serve', () => scenario.serve!(tested.loop, context)))
  return until
}

/** News that is no traffic: reaches the other host at the same time, as an event of its own. */
function tellAcross(from: Loop, to: Loop, news: () => void): void {
  const event = new VirtualEvent('rendezvous', news)
  ;(to.selector as SimulatedSelector).deliverAt(from.nowNs(), () => event)
}

/** `loadFinished` of a scenario that nobody drives. */
function nothing(loop: Loop): Future<void> {
  const future = loop.createFuture()
  future.setResult()
  return future
}

function mergeSides(
  sides: readonly Side[],
): Pick<Outcome, 'histograms' | 'metrics' | 'tables' | 'series' | 'timelines'> {
  const outcomes = sides.map((side) => side.outcome())
  return {
    histograms: Object.assign({}, ...outcomes.map((each) => each.histograms)),
    metrics: Object.assign({}, ...outcomes.map((each) => each.metrics), ...sides.map((side) => side.rates())),
    tables: outcomes.flatMap((each) => each.tables),
    series: outcomes.flatMap((each) => each.series),
    timelines: outcomes.flatMap((each) => each.timelines),
  }
}

/** One side in real time: all of it (`main`), the server, or what drives it. */
export async function runReal(
  input: RoundInput,
  role: 'main' | 'serve' | 'load',
  meeting: Rendezvous,
): Promise<Outcome> {
  const random = createRandom(input.seed)
  const underTest = role !== 'load'
  const health = underTest ? new HealthObserver('real') : undefined
  const runtime = createRealRuntime({
    policy: underTest ? input.policy : input.plain,
    selector: input.selector,
    classes: classesOf(input.scenario, input.params),
    random: random.fork(`policy-${role}`),
    observers: [...(health === undefined ? [] : [health]), ...slowdownOf(input)],
  })
  const side = new Side(runtime.loop, health, random.fork(underTest ? 'scenario' : 'load'))
  try {
    return await runSide(input, role, meeting, runtime, side)
  } finally {
    runtime.loop.close()
  }
}

function slowdownOf({ slowdown }: RoundInput): Slowdown[] {
  return slowdown === undefined ? [] : [new Slowdown(slowdown)]
}

async function runSide(
  input: RoundInput,
  role: 'main' | 'serve' | 'load',
  meeting: Rendezvous,
  runtime: Runtime,
  side: Side,
): Promise<Outcome> {
  const { loop } = runtime
  const loadFinished = loop.createFuture()
  if (role === 'serve')
    meeting.onLoadFinished(() => loop.callSoonThreadsafe(() => loadFinished.done || loadFinished.setResult()))
  const cpu = new CpuWindow()
  const onWindow = (edge: 'start' | 'stop') => {
    cpu.mark(edge)
    side.health?.window(edge)
  }
  if (role === 'serve') meeting.onDriversWindow(onWindow)
  else side.meter.onWindow = role === 'main' ? onWindow : meeting.onWindow
  side.meter.open()
  const context = side.context(input.params, meeting, loadFinished)
  await runtime.run(side.start(role, () => input.scenario[role]!(loop, context)))
  const { metrics, ...rest } = mergeSides([side])
  if (role !== 'load') {
    Object.assign(metrics, cpuMetrics(cpu.ns, side.meter.operationCount), { 'memory.peak': peakMemory() })
  }
  return { metrics, ...rest, ...concludeSides([side]) }
}
