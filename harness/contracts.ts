/**
 * What the parts of loopdyno promise one another. A plug-in author needs this file and nothing below it.
 *
 * Time is a number of nanoseconds on the loop's clock, everywhere; `Infinity` means "never".
 */
import type { z } from 'zod'
import type { Loop } from './loop/loop.ts'
import type { Task } from './loop/task.ts'
import type { Random } from './random.ts'
import type {
  Better,
  Finding,
  FindingKind,
  MetricValue,
  ObserverTable,
  Timeline,
  TimelineBlock,
  TimelineSpan,
  TimeSeries,
  Unit,
} from './results.ts'

// ---------------------------------------------------------------- scheduling

/**
 * How urgent a piece of work is: what a real scheduler may know about it. Immutable, so that a queue may keep
 * it as a sort key; changing a task's attributes replaces the record and touches only handles pushed later.
 * (The name is POSIX's: `sched_attr`.)
 */
export interface Attributes {
  /** The traffic class, as the scenario names it; `default` where none was given. */
  readonly className: string
  /** Lower runs first, as in Unix nice and Python's PriorityQueue. */
  readonly priority: number
  /** Absolute time by which the work should be done, ns; `Infinity` where there is none. */
  readonly deadlineNs: number
  /** Share of the processor relative to others; 1 by default. */
  readonly weight: number
  /** Declared or learned cost of the remaining work, ns; `NaN` where unknown. */
  readonly expectedNs: number
}

/** A ready callback: what a policy orders. Read-only for policies. */
export interface Handle extends Attributes {
  /** Grows by one with each handle that becomes ready: breaks every tie. */
  readonly sequence: number
  /** When it became ready, ns (the loop's time at that moment). */
  readonly readyAtNs: number
  /** The task it resumes, if any. */
  readonly task: Task | undefined
  /** The callback's or task's name, for people. */
  readonly name: string
  /** A cancelled handle must still be returned by `shift`; the kernel skips it. */
  readonly cancelled: boolean
}

/** The order in which ready handles run: the heart of a policy. */
export interface ReadyQueue {
  /** Handles held now. */
  readonly size: number
  push(handle: Handle): void
  /** The next handle to run; `undefined` only when `size` is 0. */
  shift(): Handle | undefined
  /** Handles this turn may run before I/O is looked at again. Default: `size` at the start of the turn. */
  turnLimit?(): number
  /** Called after a handle ran, with the time it held the loop, ns. Installing it costs a clock read a handle. */
  ran?(handle: Handle, runNs: number): void
}

/** All that a policy may depend on: nothing ambient, so that virtual runs repeat exactly. */
export interface PolicyEnv<Options = unknown> {
  readonly options: Options
  readonly clock: Clock
  readonly random: Random
  /** The selector the user asked for on the command line, or the platform's default. */
  readonly selector: SelectorName
  /** Builds another policy from its command-line form (`priority:aging=50ms`): for policies that wrap one. */
  inner(spec: string): PolicyParts
}

/** What a policy comes to once its options are known. */
export interface PolicyParts {
  readonly queue: ReadyQueue
  readonly selector?: SelectorName | SelectorFactory
  readonly observers: readonly LoopObserver[]
}

/** An interchangeable set of answers to "who runs next, how does the loop wait, and what is watched". */
export interface LoopPolicy<Schema extends z.ZodType = z.ZodType> {
  /** kebab-case; equals the file's stem. */
  readonly name: string
  /** One line, shown by `list`. */
  readonly summary: string
  /** Every option has a default and a description. */
  readonly options?: Schema
  /** Absent only where `unmanaged` is set. */
  createQueue?(env: PolicyEnv<z.output<Schema>>): ReadyQueue
  /** Names or makes the selector; absent: the one the user asked for. */
  selector?(env: PolicyEnv<z.output<Schema>>): SelectorName | SelectorFactory | undefined
  observe?(env: PolicyEnv<z.output<Schema>>): LoopObserver | readonly LoopObserver[]
  /** Leaves everything to Node's own loop: no ready queue, no virtual time. The control of an experiment. */
  readonly unmanaged?: true
}

/**
 * Watches a loop. Every hook is optional and only installed hooks cost. One that throws is switched off and
 * reported; it never breaks the loop. (After Trio's Instrument.)
 */
export interface LoopObserver {
  readonly name: string
  handlePushed?(handle: Handle): void
  handleStarted?(handle: Handle, nowNs: number): void
  handleFinished?(handle: Handle, startNs: number, endNs: number): void
  taskSpawned?(task: Task): void
  taskFinished?(task: Task): void
  turnStarted?(nowNs: number, ready: number): void
  /** After each look at I/O: how long it was allowed to wait, how long it did, how many events it gave. */
  selected?(timeoutNs: number, waitedNs: number, events: number): void
  /** Figures for the report, by metric name; asked once, when the run is over. */
  metrics?(): Record<string, MetricValue>
  /** Things a person should know, asked once, when the run is over. */
  findings?(): Finding[]
  /** Tables for the report (for example per callback name), asked once, when the run is over. */
  tables?(): ObserverTable[]
}

// ---------------------------------------------------------------- time and I/O

export interface Clock {
  /** `real` on the machine's monotonic clock, `virtual` in a simulated world. */
  readonly kind: TimeKind
  /** Reads the time. */
  nowNs(): number
  /** The time at the last reading: costs nothing, and in virtual time is always exact. */
  readonly lastNs: number
  /** Holds the processor for `durationNs`: burns CPU in real time, advances the host's clock in virtual time. */
  work(durationNs: number): void
  /** All that `work` was asked for so far, ns: what remains of a handle's run time is overhead. */
  readonly workedNs: number
}

export type SelectorName = 'epoll' | 'poll' | 'select' | 'libuv' | 'simulated'

/**
 * Something that an I/O source wants run. Prebuilt by its owner and emitted any number of times. While
 * `pending`, it sits in the ready queue and is not emitted again: one readiness, one handle.
 */
export interface IoEvent {
  readonly name: string
  /** Those of the task that waits for this I/O. Set by the owner, read when the handle is pushed. */
  attributes: Attributes
  /** Managed by the kernel: set when emitted, cleared just before `run`. */
  pending: boolean
  /** When it became ready, ns, where the selector knows; else it counts from when the loop looked. */
  readySinceNs?: number
  /** Run at once instead of becoming a handle: for drivers, whose own events are no business of a policy. */
  readonly inline?: true
  run(): void
}

export type EmitIo = (event: IoEvent) => void

/** Makes a selector for one loop. Throws `UnavailableError` where the platform has none. */
export interface SelectorFactory {
  (clock: Clock): Selector
  /** What the cell is labelled with, where the factory does not take the selector that was asked for. */
  readonly selectorName?: SelectorName
}

/** Where a loop waits. One interface; capabilities are asked, never guessed from the name. */
export interface Selector {
  readonly name: string
  /** True: `select` sleeps in the OS. False: it only collects what the host (libuv, a world) has delivered. */
  readonly blocking: boolean
  readonly network: Network
  /**
   * Emits what is ready and returns how many events that were. A blocking selector waits at most `timeoutNs`
   * for the first (0: look and return; `Infinity`: until something happens). EINTR counts as nothing ready.
   */
  select(timeoutNs: number, emit: EmitIo): number
  /** Makes the `select` under way, or the next one, return at once. Callable at any time from this thread. */
  wake(): void
  /**
   * Non-blocking selectors call this when something was delivered while the loop was not looking, so that
   * the driver can schedule a turn.
   */
  onActivity?: () => void
  close(): void
}

export interface WatchOptions {
  /**
   * `rearm` looks again whether the descriptor is ready, so that it need not have given EAGAIN first: for
   * descriptors that nobody reads empty, such as another epoll instance. On epoll it costs a call a `rearm`.
   */
  readonly level?: boolean
}

/** A selector over file descriptors. */
export interface FdSelector extends Selector {
  /** The largest descriptor that can be watched (`select`: FD_SETSIZE − 1). */
  readonly maxFd: number
  /**
   * Starts watching. Each side is delivered once and then stays silent until `rearm`, which may be called only
   * when the descriptor gave EAGAIN (so that edge-triggered epoll, poll and select behave alike).
   * Watching a watched descriptor again adds or replaces the given sides and leaves the other as it is.
   * Throws `UnsupportedError` when `fd > maxFd`.
   */
  watch(
    fd: number,
    readable: IoEvent | undefined,
    writable: IoEvent | undefined,
    options?: WatchOptions,
  ): void
  rearm(fd: number, side: 'readable' | 'writable'): void
  /** Stops watching; must be called before the descriptor is closed. */
  unwatch(fd: number): void
}

/** A TCP port (0: any free one) or a Unix socket path. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

export interface ListenOptions {
  /** Pending connections the OS keeps; 511 by default, as in Node. */
  readonly backlog?: number
}

/** Byte streams under a loop: real sockets, libuv's, or simulated ones. */
export interface Network {
  /** Throws `NetworkError` (code EADDRINUSE, ...). `accepted` is called inside the I/O handle of the accept. */
  listen(address: Address, accepted: (transport: Transport) => void, options?: ListenOptions): Listener
  /** Calls `done` once, inside an I/O handle, with the transport or the error. Returns a function that gives up. */
  connect(address: Address, done: (result: Transport | NetworkError) => void): () => void
}

export interface Listener {
  /** The bound address (with the port that was chosen). */
  readonly address: Address
  /** Accepts that failed for want of descriptors (EMFILE, ENFILE), backed off and tried again. */
  readonly acceptFailures: number
  close(): void
}

/** An error of a network call; `code` is the errno's name (ECONNREFUSED, EADDRINUSE, EPIPE, ...). */
export interface NetworkError extends Error {
  readonly code: string
}

/** What a transport tells its owner. All calls come from inside an I/O handle. (asyncio's Protocol.) */
export interface TransportOwner {
  /** The chunk belongs to the receiver. */
  received(chunk: Uint8Array): void
  /** The peer has sent its last byte (FIN). */
  ended(): void
  /** `bufferedBytes` has come down to 0 after `write` had to buffer. */
  drained(): void
  /** The last call: nothing more comes. The error is there unless both sides ended in order. */
  closed(error: NetworkError | undefined): void
}

/** One connection. Writes are buffered without bound: look at `bufferedBytes` and wait for `drained`. */
export interface Transport {
  readonly localAddress: Address
  readonly remoteAddress: Address
  /** Must be set inside the handle in which the transport was handed over. */
  owner: TransportOwner
  /** Carried by this connection's I/O handles. */
  attributes: Attributes
  readonly bufferedBytes: number
  /** The bytes belong to the transport until they are sent. Ignored after `end`, `reset` or `close`. */
  write(bytes: Uint8Array): void
  pauseReading(): void
  resumeReading(): void
  /** Half-close: sends FIN once the buffer is empty; reading goes on. */
  end(): void
  /** Drops the buffer and sends RST. */
  reset(): void
  /** Stops reading, sends what is buffered, then closes. */
  close(): void
}

// ---------------------------------------------------------------- scenarios

/** A traffic class of a scenario. */
export interface ClassSpec {
  /** Lower runs first; 0 by default. */
  readonly priority?: number
  /** Time from spawn to deadline, ms; none by default. */
  readonly deadlineMs?: number
  readonly weight?: number
}

export type ClassTable = Readonly<Record<string, ClassSpec>>

export type TimeKind = 'real' | 'virtual'

/** What a scenario measures with. Names follow `QUANTITY[.CLASS]`; statistics are added by the harness. */
export interface Meter {
  /** Arrival (the intended start) to done, ns. */
  latency(className: string, ns: number): void
  /** Any other distribution of durations, e.g. `timerLateness`. */
  duration(quantity: string, ns: number): void
  /** Units of work done: the numerator of `throughput`, the denominator of `cpu.perOp`. */
  operations(count?: number): void
  /** A counter of the scenario's own, shown in the report. */
  count(name: string, by?: number): void
  /** A single figure of the scenario's own. */
  value(name: string, value: number, unit: Unit, better?: Better): void
  /** A small table for the report. */
  table(table: ObserverTable): void
  timeSeries(series: TimeSeries): void
  timeline(timeline: Timeline): void
  /**
   * Starts the measured window: what latencies, durations and operations were counted before is forgotten. Call it
   * when warm-up is over; by default the window spans the whole run.
   */
  start(): void
  /** Ends the measured window: what comes later does not count. */
  stop(): void
}

export interface ScenarioContext<Params = unknown> {
  readonly params: Params
  /** Seeded; the same for every policy of a round. */
  readonly random: Random
  readonly meter: Meter
  /** Where to listen (`serve`) or to connect (`load`). */
  readonly address: Address
  /** Tells the driving side that the server can be reached. `serve` calls it once. */
  ready(address: Address): void
  /** Done when the driving side is finished: `serve` awaits it and then closes what it opened. */
  readonly loadFinished: PromiseLike<void>
  /** Breaks the cell with a message that names the broken promise, unless `condition` holds. */
  check(condition: boolean, message: string): void
}

/** A workload, real and virtual alike. Either `main`, or `serve` (under test) with `load` (drives it). */
export interface Scenario<Schema extends z.ZodType = z.ZodType> {
  readonly name: string
  /** One line that says what to look at. */
  readonly summary: string
  /** Defaults sized for seconds, each with description and bounds. */
  readonly params: Schema
  /** Its traffic classes; a function where they depend on the params. */
  readonly classes: ClassTable | ((params: z.output<Schema>) => ClassTable)
  readonly time: readonly TimeKind[]
  main?(loop: Loop, context: ScenarioContext<z.output<Schema>>): Promise<void>
  serve?(loop: Loop, context: ScenarioContext<z.output<Schema>>): Promise<void>
  load?(loop: Loop, context: ScenarioContext<z.output<Schema>>): Promise<void>
}

// ---------------------------------------------------------------- results

export type {
  Better,
  Finding,
  FindingKind,
  MetricValue,
  ObserverTable,
  Timeline,
  TimelineBlock,
  TimelineSpan,
  TimeSeries,
  Unit,
}
