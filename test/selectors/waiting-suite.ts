/** What a selector over descriptors must do: waiting, waking, and delivering each side once. */
import assert from 'node:assert/strict'
import type { FdSelector, IoEvent } from '../../harness/contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { loadSyscalls } from '../../harness/selectors/syscalls.ts'
import type { Bench, Check } from './bench.ts'

const EVENTFD_FLAGS = 0o2000000 | 0o4000
const AF_UNIX = 1
const STREAM_FLAGS = 1 | 0o2000000 | 0o4000
const EPOLL_CTL_ADD = 1
const LARGEST_COUNT = new Uint8Array(8).fill(0xff).fill(0xfe, 0, 1)
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])

class CountedEvent implements IoEvent {
  readonly name = 'test'
  readonly attributes = DEFAULT_ATTRIBUTES
  pending = false
  runs = 0
  run(): void {
    this.runs++
  }
}

/** Takes descriptors until the next one is above what select can watch; gives them back at the end. */
export async function withHighDescriptors(work: () => Promise<void>): Promise<void> {
  const signals = [new Signal()]
  while (signals.at(-1)!.fd < 1024) signals.push(new Signal())
  try {
    await work()
  } finally {
    for (const signal of signals) signal.close()
  }
}

/** An eventfd: readable while it is not 0, writable while it is not full. */
class Signal {
  readonly fd = loadSyscalls().eventfd(0, EVENTFD_FLAGS)
  raise(): void {
    loadSyscalls().write(this.fd, ONE, 8)
  }
  clear(): void {
    loadSyscalls().read(this.fd, new Uint8Array(8), 8)
  }
  fill(): void {
    loadSyscalls().write(this.fd, LARGEST_COUNT, 8)
  }
  close(): void {
    loadSyscalls().close(this.fd)
  }
}

function fdSelector(bench: Bench): FdSelector {
  assert.ok('watch' in bench.selector, 'this check needs a selector over descriptors')
  return bench.selector as FdSelector
}

/** One select; the events are run. How many there were. */
function turn(selector: FdSelector, timeoutNs = 0): number {
  const emitted: IoEvent[] = []
  const count = selector.select(timeoutNs, (event) => {
    assert.equal(event.pending, false, 'a pending event was emitted again')
    event.pending = true
    emitted.push(event)
  })
  assert.equal(count, emitted.length)
  for (const event of emitted) {
    event.pending = false
    event.run()
  }
  return count
}

function elapsedNs(work: () => void): number {
  const startNs = performance.now() * 1e6
  work()
  return performance.now() * 1e6 - startNs
}

export async function timeoutsAreNeverEarly(bench: Bench): Promise<void> {
  for (const timeoutNs of [200e3, 1.5e6, 20e6]) {
    const waitedNs = elapsedNs(() => assert.equal(turn(fdSelector(bench), timeoutNs), 0))
    // The clock reads in tenths of microseconds and is itself rounded.
    assert.ok(waitedNs >= timeoutNs - 1e3, `${timeoutNs} ns asked, ${waitedNs} waited`)
  }
}

/** The shortest of many: on a shared machine any single wait may be long. */
export async function timeoutsMayBeBelowAMillisecond(bench: Bench): Promise<void> {
  let shortestNs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 50; i++) {
    shortestNs = Math.min(
      shortestNs,
      elapsedNs(() => turn(fdSelector(bench), 200e3)),
    )
  }
  assert.ok(shortestNs < 900e3, `${shortestNs} ns`)
}

export async function aZeroTimeoutDoesNotWait(bench: Bench): Promise<void> {
  let shortestNs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 20; i++) {
    shortestNs = Math.min(
      shortestNs,
      elapsedNs(() => turn(fdSelector(bench), 0)),
    )
  }
  assert.ok(shortestNs < 1e6, `${shortestNs} ns`)
}

export async function wakeEndsTheNextSelectOnce(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  selector.wake()
  selector.wake()
  const wokenNs = elapsedNs(() => turn(selector, 5e9))
  assert.ok(wokenNs < 1e9, `${wokenNs} ns`)
  const waitedNs = elapsedNs(() => turn(selector, 2e6))
  assert.ok(waitedNs >= 2e6 - 1e3, 'the wake-up was used up by the first select')
}

export async function readableOnceThenSilentUntilRearm(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const signal = new Signal()
  const event = new CountedEvent()
  selector.watch(signal.fd, event, undefined)
  assert.equal(turn(selector), 0)
  signal.raise()
  assert.equal(turn(selector, Number.POSITIVE_INFINITY), 1)
  assert.equal(turn(selector), 0, 'delivered twice')
  signal.clear()
  signal.raise()
  assert.equal(turn(selector), 0, 'delivered before rearm')
  selector.rearm(signal.fd, 'readable')
  assert.equal(turn(selector, 1e9), 1, 'what came while it was silent is lost')
  signal.clear()
  selector.rearm(signal.fd, 'readable')
  turn(selector) // One more is allowed: an edge that the read had already taken.
  selector.rearm(signal.fd, 'readable')
  assert.equal(turn(selector), 0)
  selector.unwatch(signal.fd)
  signal.close()
}

export async function writableOnceThenSilentUntilRearm(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const signal = new Signal()
  const event = new CountedEvent()
  selector.watch(signal.fd, undefined, event)
  assert.equal(turn(selector, 1e9), 1)
  assert.equal(turn(selector), 0, 'delivered twice')
  signal.fill()
  selector.rearm(signal.fd, 'writable')
  assert.equal(turn(selector), 0, 'a full one is not writable')
  signal.clear()
  assert.equal(turn(selector, 1e9), 1)
  signal.fill()
  signal.clear()
  assert.equal(turn(selector), 0, 'delivered before rearm')
  selector.rearm(signal.fd, 'writable')
  assert.equal(turn(selector, 1e9), 1, 'what came while it was silent is lost')
  selector.unwatch(signal.fd)
  signal.close()
}

export async function aSideCanBeAddedLater(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const signal = new Signal()
  const [read, write] = [new CountedEvent(), new CountedEvent()]
  selector.watch(signal.fd, read, undefined)
  assert.equal(turn(selector), 0)
  selector.watch(signal.fd, undefined, write)
  turn(selector, 1e9)
  signal.raise()
  turn(selector, 1e9)
  assert.deepEqual([read.runs, write.runs], [1, 1])
  selector.unwatch(signal.fd)
  signal.close()
}

export async function endOfStreamIsReadable(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const fds = new Int32Array(2)
  loadSyscalls().socketpair(AF_UNIX, STREAM_FLAGS, 0, fds)
  selector.watch(fds[0]!, new CountedEvent(), undefined)
  assert.equal(turn(selector), 0)
  loadSyscalls().close(fds[1]!)
  assert.equal(turn(selector, 1e9), 1)
  const waitedNs = elapsedNs(() => assert.equal(turn(selector, 2e6), 0))
  assert.ok(waitedNs >= 2e6 - 1e3, 'a hang-up that nobody waits for must not keep the selector busy')
  selector.unwatch(fds[0]!)
  loadSyscalls().close(fds[0]!)
}

export async function unwatchStopsEvents(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const signals = Array.from({ length: 300 }, () => ({ signal: new Signal(), event: new CountedEvent() }))
  for (const { signal, event } of signals) selector.watch(signal.fd, event, undefined)
  const dropped = signals.filter((_, i) => i % 3 === 0)
  for (const { signal } of dropped) selector.unwatch(signal.fd)
  for (const { signal } of signals) signal.raise()
  assert.equal(turn(selector, 1e9), 200)
  assert.ok(signals.every(({ event }, i) => event.runs === (i % 3 === 0 ? 0 : 1)))
  for (const { signal } of signals) {
    selector.unwatch(signal.fd)
    signal.close()
  }
}

export async function aPendingEventIsNotEmittedAgain(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const signal = new Signal()
  const event = new CountedEvent()
  selector.watch(signal.fd, event, undefined, { level: true })
  signal.raise()
  event.pending = true
  assert.equal(
    selector.select(0, () => {}),
    0,
  )
  event.pending = false
  selector.rearm(signal.fd, 'readable')
  assert.equal(turn(selector, 1e9), 1)
  selector.unwatch(signal.fd)
  signal.close()
}

/** The way in which Node's own loop is watched. */
export async function anotherEpollInstanceCanBeWatched(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  const sys = loadSyscalls()
  const inner = sys.epoll_create1(0o2000000)
  const signal = new Signal()
  sys.epoll_ctl(inner, EPOLL_CTL_ADD, signal.fd, new Int32Array([1, 0, 0, 0]))
  selector.watch(inner, new CountedEvent(), undefined, { level: true })
  signal.raise()
  assert.equal(turn(selector, 1e9), 1)
  assert.equal(turn(selector), 0, 'silent until rearm')
  selector.rearm(inner, 'readable')
  assert.equal(turn(selector, 1e9), 1, 'rearm looks again although nobody has read')
  signal.clear()
  selector.rearm(inner, 'readable')
  assert.equal(turn(selector), 0)
  signal.raise()
  assert.equal(turn(selector, 1e9), 1)
  selector.unwatch(inner)
  sys.close(inner)
  signal.close()
}

export async function aDescriptorAboveTheLimitIsUnsupported(bench: Bench): Promise<void> {
  const selector = fdSelector(bench)
  await withHighDescriptors(async () => {
    const high = new Signal()
    const event = new CountedEvent()
    const refused = { name: 'UnsupportedError', message: /FD_SETSIZE/ }
    if (selector.maxFd < high.fd) {
      assert.throws(() => selector.watch(high.fd, event, undefined), refused)
      assert.throws(() => bench.network.listen(bench.address(), () => {}), refused)
    } else {
      selector.watch(high.fd, event, undefined)
      high.raise()
      assert.equal(turn(selector, 1e9), 1)
      selector.unwatch(high.fd)
    }
    high.close()
  })
}

/** Every selector over descriptors must pass these; one sentence each. */
export const WAITING_CHECKS: Readonly<Record<string, Check>> = {
  'a time-out is never early': timeoutsAreNeverEarly,
  'time-outs below a millisecond are kept': timeoutsMayBeBelowAMillisecond,
  'a zero time-out does not wait': aZeroTimeoutDoesNotWait,
  'wake ends the next select, once': wakeEndsTheNextSelectOnce,
  'a readable descriptor is delivered once, then silent until rearm': readableOnceThenSilentUntilRearm,
  'a writable descriptor is delivered once, then silent until rearm': writableOnceThenSilentUntilRearm,
  'a side can be added later': aSideCanBeAddedLater,
  'the end of the stream is readable': endOfStreamIsReadable,
  'unwatch stops events of that descriptor only': unwatchStopsEvents,
  'a pending event is not emitted again': aPendingEventIsNotEmittedAgain,
  'another epoll instance can be watched level-triggered': anotherEpollInstanceCanBeWatched,
  'a descriptor above FD_SETSIZE is watched or refused by name': aDescriptorAboveTheLimitIsUnsupported,
}
