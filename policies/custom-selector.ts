/**
 * Wraps any policy and decides how the loop waits: names a selector, or takes the one asked for, and may spin
 * before it sleeps.
 *
 * `spin=50us` polls without sleeping for up to that long before it gives the processor away: lower wake-up latency
 * for a busy core, as in busy-polling network stacks (`SO_BUSY_POLL`). Also the template for a selector of your own:
 * whatever implements `Selector` can be returned here.
 */
import {
  type Clock,
  createSelector,
  definePolicy,
  durationOption,
  innerOption,
  type Selector,
  type SelectorName,
  z,
} from '../harness/api.ts'

/** Looks again and again for `spinNs`, then sleeps for what is left. Delegates all else. */
export function spinning(inner: Selector, clock: Clock, spinNs: number): Selector {
  let woken = false
  const select: Selector['select'] = (timeoutNs, emit) => {
    const spinUntilNs = clock.nowNs() + Math.min(timeoutNs, spinNs)
    do {
      const events = inner.select(0, emit)
      // A look uses the inner selector's wake-up: it must not be followed by sleep.
      const done = events > 0 || woken
      woken = false
      if (done) return events
    } while (clock.nowNs() < spinUntilNs)
    return timeoutNs > spinNs ? inner.select(timeoutNs - spinNs, emit) : 0
  }
  const wake = () => {
    woken = true
    inner.wake()
  }
  return new Proxy(inner, {
    get: (target, key) => {
      if (key === 'select') return select
      if (key === 'wake') return wake
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  })
}

export default definePolicy({
  name: 'custom-selector',
  summary: 'wraps a policy and chooses how the loop waits: selector=poll, spin=50us before it sleeps',
  options: z.strictObject({
    inner: innerOption(),
    selector: z
      .enum(['given', 'epoll', 'poll', 'select', 'libuv'])
      .default('given')
      .describe('the selector to use; given: the one asked for with --selector'),
    spin: durationOption('0', 'how long to look without sleeping before the loop sleeps'),
  }),
  createQueue: (env) => env.inner(env.options.inner).queue,
  observe: (env) => env.inner(env.options.inner).observers,
  selector(env) {
    const name: SelectorName = env.options.selector === 'given' ? env.selector : env.options.selector
    if (env.options.spin === 0 || name === 'simulated') return name
    const make = (clock: Clock) => {
      const inner = createSelector(name, clock)
      return inner.blocking ? spinning(inner, clock, env.options.spin) : inner
    }
    return Object.assign(make, { selectorName: name })
  },
})
