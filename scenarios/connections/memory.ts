import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Memory {
  /** JavaScript objects and buffers, bytes. */
  readonly heap: number
  /** All memory of the process that is in RAM, bytes. What the kernel keeps for sockets is not part of it. */
  readonly resident: number
}

/** What is in use once garbage is gone: without a collection the figure would mostly tell when the last one was. */
export function memoryInUse(): Memory {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}
