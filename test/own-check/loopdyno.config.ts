/**
 * Our own policies and scenarios in virtual time, held against the baseline beside this file: any difference fails. After
 * a change of behaviour that is meant: `npx loopdyno baseline update --config test/own-check/loopdyno.config.ts`.
 */
import { defineConfig } from 'loopdyno'

export default defineConfig({
  policies: ['custom-selector', 'edf', 'fifo', 'hrrn', 'las', 'lifo', 'priority', 'sjf', 'timing'],
  scenarios: [
    'bounded-queue',
    'callbacks-or-await',
    'cancellation',
    'coroutine-protocol',
    'crawler',
    'files',
    'gather',
    'http-server',
    'mg1',
    'mm1',
    'overload',
    'pipeline',
    'priority-queue',
    'queue-consumer',
    'service-mix',
    'timeouts',
    'user-interface',
    'websocket-rooms',
    'worker-pool',
  ],
  times: ['virtual'],
  set: {
    // Enough for every order to show itself; the defaults are for narrow intervals.
    'bounded-queue.customers': 20_000,
    'mg1.customers': 20_000,
    'mm1.customers': 20_000,
    'priority-queue.customers': 20_000,
    'service-mix.customers': 20_000,
    'worker-pool.customers': 20_000,
  },
  check: { baseline: './loopdyno.baseline.json', exact: true },
})
