/** Where programs of the loop can run: in a virtual world, on epoll, on Node's libuv, and on Node alone. */
import type { Address, Selector } from '../../harness/contracts.ts'
import { RealClock } from '../../harness/loop/clock.ts'
import { runHosted } from '../../harness/loop/drivers/hosted.ts'
import { runOwned } from '../../harness/loop/drivers/owned.ts'
import { createUnmanagedLoop, runUnmanaged } from '../../harness/loop/drivers/unmanaged.ts'
import type { AnyFuture } from '../../harness/loop/future.ts'
import { type ExceptionContext, Loop } from '../../harness/loop/loop.ts'
import { RealServices } from '../../harness/loop/real-services.ts'
import { epoll } from '../../harness/selectors/epoll.ts'
import { LibuvSelector } from '../../harness/selectors/libuv.ts'
import { Bench, Fifo } from './bench.ts'

export interface Ground {
  readonly name: string
  /** What the last run reported. */
  complaints: ExceptionContext[]
  address(): Address
  run<T>(body: (loop: Loop) => PromiseLike<T>): Promise<T>
}

type Drive = (loop: Loop, until: AnyFuture) => Promise<void>

function onReal(name: string, make: () => Loop, drive: Drive): Ground {
  return {
    name,
    complaints: [],
    address: () => ({ host: '127.0.0.1', port: 0 }),
    async run(body) {
      const loop = make()
      this.complaints = []
      loop.setExceptionHandler((context) => this.complaints.push(context))
      try {
        const task = loop.spawn(() => body(loop), { name: 'main' })
        await drive(loop, task as AnyFuture)
        return task.result()
      } finally {
        loop.close()
      }
    },
  }
}

function makeLoop(selector: (clock: RealClock) => Selector): Loop {
  const clock = new RealClock()
  const policy = { queue: new Fifo(), observers: [] }
  return new Loop({ policy, clock, selector: selector(clock), services: new RealServices() })
}

export const OWNED = onReal('epoll', () => makeLoop(epoll), runOwned)
export const HOSTED = onReal('libuv', () => makeLoop(() => new LibuvSelector()), runHosted)
export const UNMANAGED = onReal(
  'node',
  () => {
    const shared = { clock: new RealClock(), services: new RealServices() }
    const policy = { queue: new Fifo(), observers: [] }
    return createUnmanagedLoop({ ...shared, policy }, (deliver) => new LibuvSelector({ deliver }))
  },
  runUnmanaged,
)

const VIRTUAL: Ground = {
  name: 'a virtual world',
  complaints: [],
  address: () => ({ host: '127.0.0.1', port: 0 }),
  run(body) {
    const bench = new Bench()
    this.complaints = bench.reports
    return bench.run(() => body(bench.loop))
  },
}

export const REAL_GROUNDS = process.platform === 'linux' ? [OWNED, HOSTED, UNMANAGED] : [HOSTED, UNMANAGED]
export const GROUNDS = [VIRTUAL, ...REAL_GROUNDS]
