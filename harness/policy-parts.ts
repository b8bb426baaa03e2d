/** From a policy's spec to the queue, selector and observers of one loop. */
import { z } from 'zod'
import { loadPlugin } from './catalog.ts'
import type { Clock, LoopPolicy, PolicyEnv, PolicyParts, ReadyQueue, SelectorName } from './contracts.ts'
import { messageOf, PolicyFault, UsageError } from './errors.ts'
import type { Random } from './random.ts'
import { parseSettings, settingNames } from './settings.ts'
import { parseSpec } from './spec.ts'

/** A policy that is loaded and whose options are valid, with those it wraps. */
export interface PreparedPolicy {
  readonly label: string
  readonly policy: LoopPolicy
  readonly options: Record<string, unknown>
  readonly inner: ReadonlyMap<string, PreparedPolicy>
}

const NO_OPTIONS = z.strictObject({})

/** Throws `UsageError`. */
export async function preparePolicy(text: string): Promise<PreparedPolicy> {
  const spec = parseSpec(text)
  const policy = await loadPlugin('policy', spec.name)
  const schema = policy.options ?? NO_OPTIONS
  const given = handOn(spec.options, settingNames(schema))
  const options = parseSettings(schema, given, `Policy '${spec.name}'`)
  const inner = new Map<string, PreparedPolicy>()
  if (typeof options.inner === 'string') inner.set(options.inner, await prepareInner(text, options.inner))
  return { label: text, policy, options, inner }
}

/** `timing:inner=priority:aging=50ms,batch=2`: what follows a wrapped policy's options is its own, unless known here. */
function handOn(
  given: Readonly<Record<string, string>>,
  known: readonly string[],
): Readonly<Record<string, string>> {
  const { inner } = given
  if (!known.includes('inner') || inner?.includes(':') !== true) return given
  const entries = Object.entries(given)
  const after = entries.slice(entries.findIndex(([name]) => name === 'inner') + 1)
  const foreign = after.filter(([name]) => !known.includes(name))
  const own = entries.filter((entry) => !foreign.includes(entry))
  const handed = foreign.map(([name, value]) => `,${name}=${value}`).join('')
  return { ...Object.fromEntries(own), inner: inner + handed }
}

async function prepareInner(outer: string, text: string): Promise<PreparedPolicy> {
  const prepared = await preparePolicy(text)
  if (prepared.policy.unmanaged) {
    throw new UsageError(`Policy '${outer}' cannot wrap '${text}': it has no ready queue`)
  }
  return prepared
}

export interface PartsEnv {
  readonly clock: Clock
  readonly random: Random
  readonly selector: SelectorName
}

/** Makes the parts for one loop. Throws `PolicyFault` when the policy does. */
export function makeParts(prepared: PreparedPolicy, env: PartsEnv): PolicyParts {
  const { policy, label } = prepared
  const policyEnv = envOf(prepared, env)
  try {
    const observed = policy.observe?.(policyEnv) ?? []
    const queue = policy.unmanaged ? UNUSED_QUEUE : policy.createQueue!(policyEnv)
    checkQueue(queue)
    return {
      queue,
      selector: policy.selector?.(policyEnv) ?? undefined,
      observers: Array.isArray(observed) ? observed : [observed],
    }
  } catch (error) {
    throw new PolicyFault('policy-error', `policy '${label}' cannot be set up: ${messageOf(error)}`, error)
  }
}

/** Each wrapped policy is made once, however often it is asked for: queue, selector and observers belong together. */
function envOf(prepared: PreparedPolicy, env: PartsEnv): PolicyEnv {
  const made = new Map<string, PolicyParts>()
  return {
    ...env,
    options: prepared.options,
    inner(text) {
      const known = made.get(text)
      if (known !== undefined) return known
      const inner = prepared.inner.get(text)
      if (inner === undefined)
        throw new Error(`only the policy of the option 'inner' can be wrapped, not '${text}'`)
      const parts = makeParts(inner, env)
      made.set(text, parts)
      return parts
    },
  }
}

const UNUSED_QUEUE: ReadyQueue = { size: 0, push: () => {}, shift: () => undefined }

function checkQueue(queue: ReadyQueue): void {
  if (
    typeof queue?.push === 'function' &&
    typeof queue.shift === 'function' &&
    typeof queue.size === 'number'
  )
    return
  throw new TypeError('createQueue must return an object with size, push and shift')
}
