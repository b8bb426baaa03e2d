/** What the parts of a run have in common. */
import type { Loop, Queue, Random, Semaphore } from '../../harness/api.ts'
import type { Ledger } from './ledger.ts'
import type { Context } from './params.ts'

export type Leaf = (ground: Ground, random: Random) => Promise<void>

/** What can be replaced to see whether the checks notice. */
export interface Parts {
  readonly leaves: Readonly<Record<string, Leaf>>
  readonly taskGroup: Loop['taskGroup']
  readonly timeout: Loop['timeout']
}

/** What all tasks of a run share. */
export interface Ground {
  readonly loop: Loop
  readonly ctx: Context
  readonly ledger: Ledger
  readonly permits: Semaphore
  readonly queue: Queue<number>
  readonly address: { readonly host: string; readonly port: number }
}
