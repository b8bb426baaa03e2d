import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Loop, seconds, TimeoutError } from '../../harness/api.ts'
import type { Done, Order } from './bystander.ts'
import { roomForPairs } from './room.ts'

/** How long the processes may take to end by themselves. */
const LEAVE_NS = seconds(5)

const PROGRAM = fileURLToPath(new URL('./bystander.js', import.meta.url))

/**
 * Connections beyond those of the loop under test, open and idle in processes of their own: as many processes as the
 * limit of open files makes necessary.
 */
export class Bystanders {
  readonly #loop: Loop
  readonly #room: number
  readonly #children: Bystander[] = []

  constructor(loop: Loop, room = roomForPairs()) {
    this.#loop = loop
    this.#room = room
  }

  async growTo(size: number): Promise<void> {
    while (this.#children.length * this.#room < size) this.#children.push(new Bystander())
    const holding = this.#children.map((child, i) =>
      this.#loop.fromPromise(child.ask({ hold: Math.min(this.#room, size - i * this.#room) })),
    )
    await this.#loop.gather(holding)
  }

  /** How many of the connections answer. */
  async sweep(): Promise<number> {
    const asked = this.#children.map((child) => this.#loop.fromPromise(child.ask({ sweep: true })))
    const counts = await this.#loop.gather(asked)
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Done when the processes have ended. */
  async close(): Promise<void> {
    const children = this.#children.splice(0)
    const leaving = children.map((child) => this.#loop.fromPromise(child.leave()))
    try {
      await this.#loop.timeout(LEAVE_NS, () => this.#loop.gather(leaving))
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      for (const child of children) child.kill()
    }
  }
}

class Bystander {
  // Only standard error is heard: there it says why it ended, if it did.
  readonly #process: ChildProcess = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

  ask(order: Order): Promise<number> {
    const child = this.#process
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) =>
        reject(new Error(`A bystander process ended (exit code ${code})`))
      child.once('exit', ended)
      child.once('message', (done: Done) => {
        child.off('exit', ended)
        resolve(done.count)
      })
      child.send(order, (error) => error === null || reject(error))
    })
  }

  /** It ends when its channel does. */
  async leave(): Promise<void> {
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (child.connected) child.disconnect()
    await ended
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
