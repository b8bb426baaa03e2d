/** One round of one cell, inside its own process: sets up loops, runs the scenario, gathers what was measured. */
import type {
  Address,
  Finding,
  LoopObserver,
  MetricValue,
  Scenario,
  ScenarioContext,
  SelectorName,
} from '../contracts.ts'
import { messageOf, PolicyFault, UnavailableError, UnsupportedError } from '../errors.ts'
import { type AnyFuture, Future } from '../loop/future.ts'
import type { Loop } from '../loop/loop.ts'
import type { PreparedPolicy } from '../policy-parts.ts'
import { createRandom, type Random } from '../random.ts'
import type { RoundRecord, RoundStatus } from '../records.ts'
import type { SimulatedSelector } from '../selectors/simulated.ts'
import { VirtualEvent } from '../world/transport.ts'
import { World } from '../world/world.ts'
import { HealthObserver } from './health.ts'
import { RoundMeter } from './meter.ts'
import { createRealRuntime, createVirtualHost, type Runtime } from './runtime.ts'

/** What a round came to; the harness adds cell, number and time. */
export type Outcome = Pick<
  RoundRecord,
  'status' | 'reason' | 'histograms' | 'metrics' | 'findings' | 'tables' | 'digest'
>

export interface RoundInput {
  readonly policy: PreparedPolicy
  /** Who drives a served scenario runs plainly, whatever policy is under test. */
  readonly plain: PreparedPolicy
  readonly scenario: Scenario
  readonly params: unknown
  readonly selector: SelectorName
  readonly seed: number
}

/** Between the serving and the driving process. */
export interface Rendezvous {
  readonly address: Address
  ready(address: Address): void
  onWindow(edge: 'start' | 'stop'): void
  /** Calls back when the driving side is finished. */
  onLoadFinished(callback: () => void): void
}

/** One loop with everything that watches it. */
class Side {
  readonly loop: Loop
  readonly meter: RoundMeter
  readonly health: HealthObserver | undefined
  readonly #findings: Finding[] = []
  readonly #random: Random

  constructor(loop: Loop, health: HealthObserver | undefined, random: Random) {
    this.loop = loop
    this.health = health
    this.meter = new RoundMeter(loop)
    this.#random = random
    loop.setExceptionHandler(({ message, error }) => {
      const fatal = !(error instanceof UnsupportedError)
      this.#findings.push({ kind: 'exception', message: `${message}: ${messageOf(error)}`, fatal })
    })
  }

  context(
    params: unknown,
    meeting: Omit<Rendezvous, 'onWindow' | 'onLoadFinished'>,
    loadFinished: PromiseLike<void>,
  ): ScenarioContext {
    return {
      params,
      random: this.#random,
      meter: this.meter,
      address: meeting.address,
      ready: meeting.ready,
      loadFinished,
      check: (condition, message) => {
        if (!condition) this.#findings.push({ kind: 'invariant', message, fatal: true })
      },
    }
  }

  /** Starts a part of the scenario as a task; its failure is a finding. */
  start(name: string, part: () => Promise<void>): Future<unknown> {
    const task = this.loop.spawn(part, { name })
    const done = new Future<void>(this.loop)
    task.addDoneCallback(() => {
      if (task.cancelled)
        this.#findings.push({ kind: 'exception', message: `${name} was cancelled`, fatal: true })
      else if (task.error() !== undefined) {
        this.#findings.push({
          kind: 'exception',
          message: `${name} failed: ${messageOf(task.error())}`,
          fatal: true,
        })
      }
      done.setResult()
    })
    return done
  }

  findings(): Finding[] {
    this.loop.reportUnretrieved()
    return [
      ...this.#findings,
      ...this.#unfinished(),
      ...this.loop.observers.findings,
      ...this.#active.flatMap((observer) => observer.findings?.() ?? []),
    ]
  }

  outcome(): Pick<Outcome, 'histograms' | 'metrics' | 'tables'> {
    const histograms = Object.fromEntries(this.meter.histograms)
    for (const [name, { wait, run }] of this.health?.classes ?? []) {
      histograms[`wait.${name}`] = wait
      histograms[`run.${name}`] = run
    }
    const metrics = { ...this.#loopMetrics(), ...Object.fromEntries(this.meter.values) }
    for (const observer of this.#active) Object.assign(metrics, observer.metrics?.())
    const encoded: Record<string, string> = {}
    for (const [name, histogram] of Object.entries(histograms)) {
      encoded[name] = histogram.encode()
      // A histogram rounds to three digits: mean and maximum are known exactly.
      metrics[`${name}.mean`] = { value: histogram.mean, unit: 'ns', better: 'lower' }
      metrics[`${name}.max`] = { value: histogram.max, unit: 'ns', better: 'lower' }
    }
    return {
      histograms: encoded,
      metrics,
      tables: this.#active.flatMap((observer) => observer.tables?.() ?? []),
    }
  }

  get #active(): LoopObserver[] {
    return [...this.loop.observers.active]
  }

  #loopMetrics(): Record<string, MetricValue> {
    if (this.health === undefined) return {}
    const handles = [...this.health.classes.values()].reduce((sum, each) => sum + each.handles, 0)
    return {
      'loop.turns': count(this.loop.turns),
      'loop.selects': count(this.loop.selects),
      'loop.handles': count(handles),
    }
  }

  #unfinished(): Finding[] {
    const names = [...new Set([...this.loop.tasks()].map((task) => task.name))]
    if (names.length === 0) return []
    const message = `${this.loop.taskCount} tasks never finished: ${names.slice(0, 5).join(', ')}`
    return [{ kind: 'unfinished', message, fatal: true }]
  }
}

function count(value: number): MetricValue {
  return { value, unit: 'count', better: 'neither' }
}

/** Throughput and what follows from it. */
function rates(meter: RoundMeter): Record<string, MetricValue> {
  if (meter.operationCount === 0 || meter.windowNs <= 0) return {}
  const perSecond = (meter.operationCount * 1e9) / meter.windowNs
  return {
    operations: count(meter.operationCount),
    throughput: { value: perSecond, unit: 'ops/s', better: 'higher' },
  }
}

function statusOf(findings: readonly Finding[]): Pick<Outcome, 'status' | 'reason'> {
  const fatal = findings.find((finding) => finding.fatal)
  return fatal === undefined ? { status: 'ok' } : { status: 'failed', reason: fatal.message }
}

/** An outcome without figures: why the round could not be run. */
export function brokenOutcome(error: unknown): Outcome {
  const empty = { histograms: {}, metrics: {}, tables: [] }
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

/** Both sides on one virtual time line. */
export async function runVirtual(input: RoundInput): Promise<Outcome> {
  const world = new World()
  const random = createRandom(input.seed)
  const { scenario, params } = input
  const health = new HealthObserver()
  const makeHost = (index: number, policy: PreparedPolicy, observers: HealthObserver[]) =>
    createVirtualHost(world, index, {
      policy,
      classes: scenario.classes,
      random: random.fork(`policy-${index}`),
      observers,
    })
  const driver =
    scenario.main === undefined
      ? new Side(makeHost(1, input.plain, []), undefined, random.fork('load'))
      : undefined
  const tested = new Side(makeHost(0, input.policy, [health]), health, random.fork('scenario'))
  const until = startVirtual(tested, driver, scenario, params)
  await world.run(until)
  const sides = driver === undefined ? [tested] : [tested, driver]
  const findings = sides.flatMap((side) => side.findings())
  return { ...statusOf(findings), ...mergeSides(sides), findings, digest: world.log.digest() }
}

function startVirtual(
  tested: Side,
  driver: Side | undefined,
  scenario: Scenario,
  params: unknown,
): AnyFuture[] {
  tested.meter.open()
  const nowhere = { address: { host: '127.0.0.1', port: 0 }, ready: () => {} }
  if (driver === undefined)
    return [
      tested.start('main', () =>
        scenario.main!(tested.loop, tested.context(params, nowhere, nothing(tested.loop))),
      ),
    ]
  driver.meter.open()
  const loadFinished = tested.loop.createFuture()
  const until: AnyFuture[] = []
  const ready = (address: Address) => {
    const loading = driver.start('load', () =>
      scenario.load!(driver.loop, driver.context(params, { address, ready: () => {} }, loadFinished)),
    )
    until.push(loading)
    loading.addDoneCallback(() => tellAcross(driver.loop, tested.loop, () => loadFinished.setResult()))
  }
  until.push(
    tested.start('serve', () =>
      scenario.serve!(tested.loop, tested.context(params, { ...nowhere, ready }, loadFinished)),
    ),
  )
  return until
}

/** News that is no traffic: reaches the other host at the same time, as an event of its own. */
function tellAcross(from: Loop, to: Loop, news: () => void): void {
  const event = new VirtualEvent('load-finished', news)
  ;(to.selector as SimulatedSelector).deliverAt(from.nowNs(), () => event)
}

/** `loadFinished` of a scenario that nobody drives. */
function nothing(loop: Loop): Future<void> {
  const future = loop.createFuture()
  future.setResult()
  return future
}

function mergeSides(sides: readonly Side[]): Pick<Outcome, 'histograms' | 'metrics' | 'tables'> {
  const outcomes = sides.map((side) => side.outcome())
  return {
    histograms: Object.assign({}, ...outcomes.map((each) => each.histograms)),
    metrics: Object.assign(
      {},
      ...outcomes.map((each) => each.metrics),
      ...sides.map((side) => rates(side.meter)),
    ),
    tables: outcomes.flatMap((each) => each.tables),
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
  const health = underTest ? new HealthObserver() : undefined
  const runtime = createRealRuntime({
    policy: underTest ? input.policy : input.plain,
    selector: input.selector,
    classes: input.scenario.classes,
    random: random.fork(`policy-${role}`),
    observers: health === undefined ? [] : [health],
  })
  const side = new Side(runtime.loop, health, random.fork(underTest ? 'scenario' : 'load'))
  try {
    return await runSide(input, role, meeting, runtime, side)
  } finally {
    runtime.loop.close()
  }
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
  side.meter.onWindow = meeting.onWindow
  side.meter.open()
  const context = side.context(input.params, meeting, loadFinished)
  const cpu = process.cpuUsage()
  await runtime.run(side.start(role, () => input.scenario[role]!(loop, context)))
  const findings = side.findings()
  const { histograms, metrics, tables } = mergeSides([side])
  if (role === 'main') Object.assign(metrics, costs(process.cpuUsage(cpu), side.meter.operationCount))
  if (role !== 'load')
    metrics['memory.peak'] = { value: process.resourceUsage().maxRSS * 1024, unit: 'bytes', better: 'lower' }
  return { ...statusOf(findings), histograms, metrics, tables, findings }
}

/** Processor time per operation, ns. */
export function costs(usage: NodeJS.CpuUsage, operations: number): Record<string, MetricValue> {
  if (operations === 0) return {}
  return {
    'cpu.perOp': { value: ((usage.user + usage.system) * 1e3) / operations, unit: 'ns', better: 'lower' },
  }
}
