import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import type { IoEvent } from '../../harness/contracts.ts'
import { createRandom } from '../../harness/random.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { unavailableReason } from '../../harness/selectors/syscalls.ts'
import { type Bench, type Check, echo, Peer, type SelectorFixture, until } from './bench.ts'
import { anyPath, RealBench, type RealName, realFixture } from './real-bench.ts'
import { simulatedFixture } from './simulated-bench.ts'
import { NETWORK_CHECKS } from './suite.ts'
import { SYSTEM_CHECKS } from './system-suite.ts'
import { WAITING_CHECKS, withHighDescriptors } from './waiting-suite.ts'

const OWNED: RealName[] = unavailableReason() === undefined ? ['epoll', 'poll', 'select'] : []
const REAL: RealName[] = [...OWNED, 'libuv']

/** All that run the network checks. */
const FIXTURES: SelectorFixture[] = [...REAL.map((name) => realFixture(name)), simulatedFixture()]

function testAll(fixture: SelectorFixture, checks: Readonly<Record<string, Check>>): void {
  for (const [sentence, check] of Object.entries(checks)) {
    test(sentence, async () => {
      const bench = fixture.make()
      try {
        await check(bench)
        expect(bench.errors).toEqual([])
      } finally {
        bench.close()
      }
    })
  }
}

describe.each(FIXTURES)('network over $name', (fixture) => testAll(fixture, NETWORK_CHECKS))

describe.each(REAL)('system under %s', (name) => testAll(realFixture(name), SYSTEM_CHECKS))

// A Unix socket has neither RST nor ECONNREFUSED after its file is gone.
const WITHOUT_TCP = Object.entries(NETWORK_CHECKS).filter(([name]) => !/reset|ECONNREFUSED/.test(name))
describe.each(REAL)('Unix sockets over %s', (name) =>
  testAll(realFixture(name, { address: anyPath }), Object.fromEntries(WITHOUT_TCP)),
)

// A policy may run events late and in any order.
describe.each(REAL)('network over %s, events in disorder', (name) =>
  testAll(realFixture(name, { disorder: createRandom(1) }), NETWORK_CHECKS),
)

describe.each(OWNED)('waiting in %s', (name) => testAll(realFixture(name), WAITING_CHECKS))

describe.each(OWNED)('%s and the rest of the machine', (name) => {
  test('a signal that interrupts the wait is nothing ready', async () => {
    const bench = realFixture(name).make()
    const heard = () => {}
    process.on('SIGWINCH', heard)
    // Again and again: on a busy machine the first may come before the wait has begun.
    const child = spawn('sh', ['-c', `while sleep 0.05 && kill -WINCH ${process.pid}; do :; done`])
    const startMs = performance.now()
    expect(bench.selector.select(5e9, () => {})).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(4000)
    child.kill()
    bench.close()
    process.off('SIGWINCH', heard)
  })

  test('another thread wakes the select under way by writing to wakeFd', async () => {
    const bench = realFixture(name).make()
    const { wakeFd } = bench.selector as unknown as { wakeFd: number }
    const worker = new Worker(WAKER, { eval: true, workerData: { wakeFd } })
    await new Promise((resolve) => worker.once('message', resolve))
    worker.postMessage('now')
    const startMs = performance.now()
    expect(bench.selector.select(5e9, () => {})).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(4000)
    expect(bench.selector.select(0, () => {})).toBe(0)
    bench.close()
    await worker.terminate()
  })

  test(
    'without descriptors it counts failed accepts and serves everybody in the end',
    { timeout: 20_000 },
    () => serveWithFewDescriptors(name),
  )

  test('a selector that is closed takes its sockets with it', async () => {
    const before = readdirSync('/proc/self/fd').length
    const bench = realFixture(name).make()
    let accepted = 0
    const listener = bench.network.listen(bench.address(), () => accepted++)
    for (let i = 0; i < 3; i++) bench.network.connect(listener.address, (peer) => new Peer(peer as never))
    await until(bench, () => accepted === 3)
    bench.network.connect(listener.address, () => {})
    bench.close()
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })
})

describe.runIf(OWNED.length > 0)('select above FD_SETSIZE', () => {
  test('a connection that cannot be watched is closed, reported by name, and others are served', async () => {
    const bench = realFixture('select').make()
    const listener = bench.network.listen(bench.address(), echo)
    const { port } = listener.address as { port: number }
    let gone = 0
    await withHighDescriptors(async () => {
      // Many, since a child of an earlier test may just have left a low descriptor or two.
      const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
      for (const socket of sockets) socket.resume().on('close', () => gone++)
      await until(bench, () => gone > 0)
      expect(bench.errors[0]).toMatchObject({ name: 'UnsupportedError' })
      for (const socket of sockets) socket.destroy()
      await until(bench, () => gone === sockets.length)
    })
    bench.errors.length = 0
    let served = false
    echoedClient(port, 1).then(() => {
      served = true
    })
    await until(bench, () => served)
    bench.close()
  })
})

const WAKER = `
  const { parentPort, workerData } = require('node:worker_threads')
  const write = require('koffi').load(null).func('int write(int, void *, size_t)')
  parentPort.on('message', () => setTimeout(() => write(workerData.wakeFd, new Uint8Array([1,0,0,0,0,0,0,0]), 8), 50))
  parentPort.postMessage('here')`

const CLIENTS = 60

/** More clients than the server has descriptors; each leaves when it has its echo. */
async function serveWithFewDescriptors(name: RealName): Promise<void> {
  const child = spawnScarce(name)
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  const { port } = JSON.parse((await lines.next()).value!) as { port: number }
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => echoedClient(port, i)))
  child.stdin!.write('over')
  const result = JSON.parse((await lines.next()).value!) as { served: number; failures: number }
  child.kill()
  assert.equal(result.served, CLIENTS)
  assert.ok(result.failures > 0, 'descriptors never ran out')
}

function spawnScarce(name: RealName): ChildProcess {
  const script = fileURLToPath(new URL('scarce-server.ts', import.meta.url))
  const command = 'ulimit -n 50; exec "$0" "$@"'
  return spawn('sh', ['-c', command, process.execPath, '--import', 'jiti/register', script, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

function echoedClient(port: number, i: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`client ${i}`))
    // Held for a moment, so that descriptors do run out.
    socket.once('data', () => setTimeout(() => socket.end(), 30))
    socket.once('close', () => resolve())
    socket.once('error', reject)
  })
}

describe('libuv that delivers at once', () => {
  test('hands events over without an inbox', async () => {
    const seen: string[] = []
    const selector = new LibuvSelector({
      deliver: (event) => {
        seen.push(event.name)
        event.run()
      },
    })
    const bench = new RealBench(selector)
    const listener = bench.network.listen(bench.address(), echo)
    let client: Peer | undefined
    bench.network.connect(listener.address, (transport) => {
      client = new Peer(transport as never)
      client.transport.write(new Uint8Array(1e6))
      client.transport.end()
    })
    await until(bench, () => client?.closes === 1)
    expect(client!.bytes).toBe(1e6)
    expect(new Set(seen)).toEqual(new Set(['accept', 'connect', 'read', 'write']))
    bench.close()
  })

  test('tells of activity once, when the inbox becomes non-empty', async () => {
    const bench = new RealBench(new LibuvSelector())
    let calls = 0
    bench.selector.onActivity = () => calls++
    const listener = bench.network.listen(bench.address(), () => {})
    const done: IoEvent[] = []
    for (let i = 0; i < 5; i++) bench.network.connect(listener.address, () => {})
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(calls).toBe(1)
    expect(bench.selector.select(0, (event) => done.push(event))).toBe(done.length)
    expect(done.map((event) => event.name).sort()).toContain('accept')
    bench.close()
  })
})

/** A detector that cannot fail detects nothing: each of these selectors is broken in one way. */
describe.each(OWNED)('canary on %s', (name) => {
  type Select = (timeoutNs: number, emit: (event: IoEvent) => void) => number

  function broken(breakSelect: (select: Select) => Select): Bench {
    const bench = new RealBench(realFixture(name).make().selector, { patienceMs: 300 })
    const { selector } = bench
    selector.select = breakSelect(selector.select.bind(selector))
    return bench
  }

  async function expectFailure(check: Check, bench: Bench): Promise<void> {
    await expect(check(bench)).rejects.toThrow()
    bench.close()
  }

  test('a selector that drops every third event is found out', async () => {
    let count = 0
    const dropping =
      (select: Select): Select =>
      (timeoutNs, emit) =>
        select(timeoutNs, (event) => {
          if (++count % 3 !== 0) emit(event)
        })
    await expectFailure(NETWORK_CHECKS['200 connections at once are all served']!, broken(dropping))
  })

  test('a selector that ignores time-outs is found out', async () => {
    const hasty =
      (select: Select): Select =>
      (_timeoutNs, emit) =>
        select(0, emit)
    await expectFailure(WAITING_CHECKS['a time-out is never early']!, broken(hasty))
  })

  test('a selector that waits whole milliseconds is found out', async () => {
    const coarse =
      (select: Select): Select =>
      (timeoutNs, emit) =>
        select(Math.ceil(timeoutNs / 1e6) * 1e6, emit)
    await expectFailure(WAITING_CHECKS['time-outs below a millisecond are kept']!, broken(coarse))
  })

  test('a selector that emits twice is found out', async () => {
    const twice =
      (select: Select): Select =>
      (timeoutNs, emit) =>
        select(timeoutNs, (event) => {
          emit(event)
          emit(event)
        })
    await expectFailure(NETWORK_CHECKS['bytes arrive in order']!, broken(twice))
    await expectFailure(
      WAITING_CHECKS['a readable descriptor is delivered once, then silent until rearm']!,
      broken(twice),
    )
  })
})
