/** What a server model is. */
import type { Address, Loop } from '../../harness/api.ts'
import type { Service } from './service.ts'
import type { Tally } from './tally.ts'

export interface ServerModel {
  readonly name: string
  /** For people. */
  readonly title: string
  /** Every answer comes from a place of its own; otherwise all come from one. */
  readonly perRequest: boolean
  /** Answers come from this process. */
  readonly inside: boolean
  /** Serves at most `most` requests at once by threads or processes; more wait. */
  open(loop: Loop, address: Address, service: Service, most: number): Promise<OpenServer>
}

export interface OpenServer {
  readonly address: Address
  readonly tally: Tally
  /** Requests under way, threads or processes that have not ended. */
  left(): number
  /** Takes no more, ends what is left. */
  close(): Promise<void>
}
