/** The public entry for authors of policies and scenarios: `import { definePolicy } from 'loopdyno'`. */
export { z } from 'zod'
export type { Config } from './config.ts'
export type {
  Address,
  Attributes,
  ClassSpec,
  Clock,
  FdSelector,
  Finding,
  Handle,
  IoEvent,
  Listener,
  LoopObserver,
  LoopPolicy,
  Meter,
  MetricValue,
  ObserverTable,
  PolicyEnv,
  PolicyParts,
  ReadyQueue,
  Scenario,
  ScenarioContext,
  Selector,
  SelectorFactory,
  SelectorName,
  Timeline,
  TimelineBlock,
  TimelineSpan,
  TimeSeries,
} from './contracts.ts'
export { defineConfig, definePolicy, defineScenario } from './define.ts'
export { ms, seconds, us } from './durations.ts'
export { UnsupportedError } from './errors.ts'
export type { Arrival } from './loop/arrivals.ts'
export { TimeoutError } from './loop/combinators.ts'
export { Deque } from './loop/deque.ts'
export { CancelledError, Future, InvalidStateError } from './loop/future.ts'
export { Heap } from './loop/heap.ts'
export type { Loop } from './loop/loop.ts'
export { Queue, QueueEmpty, QueueFull } from './loop/queue.ts'
export type { Stream } from './loop/streams.ts'
export { Condition, Event, Lock, Semaphore } from './loop/sync.ts'
export type { Coroutine, SpawnOptions, Task, TaskBody } from './loop/task.ts'
export type { TaskGroup } from './loop/task-group.ts'
export type { Offer, Offers, Submission, ThreadGate, ThreadPort } from './loop/thread-gate.ts'
export { WrongThreadError } from './loop/thread-gate.ts'
export { batchOption, durationOption, innerOption, turnLimitOf } from './options.ts'
export type { Random } from './random.ts'
export { parseColumns } from './replay/columns.ts'
export { openTrace } from './replay/trace-thread.ts'
export { openPipe, type Pipe, type PipeKind } from './selectors/pipe.ts'
export { createSelector, isFdSelector } from './selectors/registry.ts'
