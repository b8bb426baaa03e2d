/** Loop and threads mixed up, on purpose: what each mistake is named. */
import {
  type Future,
  type Loop,
  type ThreadGate,
  type ThreadPort,
  WrongThreadError,
} from '../../harness/api.ts'
import type { Context } from './params.ts'
import type { Parts } from './threads.ts'

interface Mistake {
  /** What somebody does. */
  readonly what: string
  /** What it must be named. */
  readonly name: WrongThreadError['mistake']
  make(loop: Loop, gate: ThreadGate): PromiseLike<unknown>
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'sends a future of the loop to a thread',
    name: 'loop-object',
    make: async (loop, gate) => gate.startThread((_port, future) => future, loop.createFuture() as unknown),
  },
  {
    what: 'sends a function to a thread',
    name: 'unsendable',
    make: async (_loop, gate) =>
      gate.startThread(
        (_port, call) => call(),
        () => true,
      ),
  },
  {
    what: "uses the loop's variables in a thread",
    name: 'closure',
    make: (loop, gate) => gate.startThread(() => loop),
  },
  {
    what: 'submits what the loop does not offer',
    name: 'not-offered',
    make: (_loop, gate) => gate.startThread((port: ThreadPort) => port.submit('nobody')),
  },
  {
    what: 'submits after the gate was closed',
    name: 'closed',
    make: (_loop, gate) => {
      gate.close()
      return gate.startThread((port: ThreadPort) => port.submit('known'))
    },
  },
]

export async function reportMistakes(loop: Loop, ctx: Context, made: Parts): Promise<void> {
  const gate = made.open(loop, { known: { run: () => true } })
  const rows: string[][] = []
  for (const { what, name, make } of MISTAKES) {
    const told = await outcomeOf(make(loop, gate))
    const named = told instanceof WrongThreadError ? told.mistake : 'nothing'
    ctx.check(named === name, `Who ${what} is told ${named}, not ${name}`)
    rows.push([what, named])
  }
  const columns = ['Somebody', 'is told of'].map((column) => ({ name: column }))
  ctx.meter.table({ title: 'Loop and threads mixed up', columns, rows })
}

async function outcomeOf(doing: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await (doing as Future<unknown>)
  } catch (error) {
    return error
  }
}
