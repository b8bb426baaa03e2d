import type { Clock, FdSelector, Selector, SelectorName } from '../contracts.ts'
import { UnavailableError } from '../errors.ts'
import { epoll } from './epoll.ts'
import { libuv } from './libuv.ts'
import { poll } from './poll.ts'
import { select } from './select.ts'
import { unavailableReason } from './syscalls.ts'

/** Selectors that wait for the real world, by name. `simulated` belongs to a world and is made there. */
const REAL = { epoll, poll, select, libuv }

export const REAL_SELECTORS = Object.keys(REAL) as SelectorName[]

/** Throws `UnavailableError` where this machine has none of that name. */
export function createSelector(name: SelectorName, clock: Clock): Selector {
  if (name === 'simulated') throw new UnavailableError('The simulated selector exists in virtual time only')
  return REAL[name](clock)
}

/** Whether descriptors of one's own can be watched: `libuv` and `simulated` know of none. */
export function isFdSelector(selector: Selector): selector is FdSelector {
  return 'watch' in selector
}

export function defaultSelector(): SelectorName {
  return unavailableReason() === undefined ? 'epoll' : 'libuv'
}
