/** Every difference from CPython's asyncio that is meant, each with its reason. What is not here is compared. */
import type { Feature } from './generate.ts'

/** Where we follow the newest CPython, and from which on: older ones run programs without these. */
export const SINCE: Partial<Record<Feature, { readonly minor: number; readonly reason: string }>> = {
  'gather-done': {
    minor: 12,
    reason: 'gather counts what is done already at once; in 3.11 that takes a turn and a handle',
  },
  'wait-for': {
    minor: 12,
    reason: 'wait_for is a timeout around an await; in 3.11 it waits for a future of its own',
  },
  uncancel: { minor: 13, reason: 'uncancel drops a cancellation that is pending, once the count is 0' },
  group: { minor: 13, reason: 'a task group takes its own cancellation back after its children have ended' },
  condition: {
    minor: 13,
    reason: 'a waiter that was notified and then cancelled passes the notification on',
  },
  semaphore: {
    minor: 13,
    reason: 'a permit that a cancelled waiter had been given goes to all who can have it',
  },
}

/** What no version does as we do, and how the comparison allows for it. */
export const ALWAYS: readonly { readonly what: string; readonly how: string }[] = [
  {
    what: 'Timers of equal time: ours fire in order of creation, heapq promises no order',
    how: 'stage.py sees the tie, and the program is counted as tied and not compared',
  },
  {
    what: 'A task group of ours cancels its children in order of creation, Python in the order of a set',
    how: 'OrderedGroup in stage.py gives the set an order',
  },
  {
    what: 'Misuse is a TypeError or RangeError here (JavaScript has no RuntimeError), with words of our own',
    how: 'NAMES in stage.py maps the kinds; messages are compared for cancellations and program errors only',
  },
  {
    what: 'An error that nobody looked at is reported when the loop closes, in Python when garbage is collected',
    how: 'only errors in callbacks are compared',
  },
  {
    what: 'The message of a cancelled task goes to all who ask; CPython has it for the first only',
    how: 'KeepingTask in stage.py keeps it',
  },
  {
    what: 'The timer of a sleep is cancelled with it; in asyncio when its task wakes, perhaps after it was due',
    how: 'stage.py does not count the handle of such a timer, which does nothing',
  },
  {
    what: 'A task that awaits itself is told so at once, in asyncio a turn later',
    how: 'no program does: a task awaits only what ranks above it (see generate.ts)',
  },
]
