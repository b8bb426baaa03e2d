/**
 * Node's own loop: no ready queue of ours, no policy. Ready callbacks are immediates, timers are Node timers, I/O
 * runs when libuv delivers it.
 *
 * The control of every experiment: what would this service do if nobody had touched the loop? It has no virtual
 * time and no selector but libuv.
 */
import { definePolicy, z } from '../harness/api.ts'

export default definePolicy({
  name: 'node',
  summary: "Node's own loop, no user-space policy: the control of an experiment",
  options: z.strictObject({}),
  unmanaged: true,
  selector: () => 'libuv',
})
