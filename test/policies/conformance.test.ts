import { describe, expect, test } from 'vitest'
import { builtinNames, loadPlugin } from '../../harness/catalog.ts'
import { createRealRuntime } from '../../harness/measure/runtime.ts'
import { type PreparedPolicy, preparePolicy } from '../../harness/policy-parts.ts'
import { createRandom } from '../../harness/random.ts'
import { settingNames } from '../../harness/settings.ts'
import { optionsAreDescribed, QUEUE_CHECKS, STABLE_CHECKS, VIRTUAL_CHECKS } from './conformance.ts'
import { HandleCount } from './handle-count.ts'
import { CLASSES, mixedProgram, WHOLE } from './mixed-program.ts'

/** Policies whose point is not to keep the order of equals. */
const UNSTABLE = new Set(['lifo', 'random'])

/** Settings beyond those that every policy with the same option gets. */
const EXTRA_SETTINGS: Record<string, string[]> = {
  priority: ['aging=1us', 'aging=50ms', 'aging=1ms,batch=3'],
  'custom-selector': ['selector=poll,spin=20us'],
  timing: ['slow=1us', 'inner=timing:inner=fifo'],
}

const SETTINGS_OF_OPTION: Record<string, string[]> = {
  batch: ['batch=1', 'batch=7', 'batch=snapshot'],
  inner: ['inner=priority', 'inner=priority:aging=1ms,batch=2'],
}

const NAMES = builtinNames('policy')
const POLICIES = await Promise.all(NAMES.map((name) => loadPlugin('policy', name)))

async function settingsOf(name: string): Promise<PreparedPolicy[]> {
  const policy = await loadPlugin('policy', name)
  const options = policy.options === undefined ? [] : settingNames(policy.options)
  const settings = [...options.flatMap((each) => SETTINGS_OF_OPTION[each] ?? [])]
  const specs = [name, ...[...settings, ...(EXTRA_SETTINGS[name] ?? [])].map((each) => `${name}:${each}`)]
  return Promise.all(specs.map(preparePolicy))
}

const MANAGED = POLICIES.filter((policy) => policy.unmanaged !== true).map((policy) => policy.name)
const UNMANAGED = POLICIES.filter((policy) => policy.unmanaged === true).map((policy) => policy.name)
const SUBJECTS = (await Promise.all(MANAGED.map(settingsOf))).flat()

describe.each(NAMES)('the policy in %s', (name) => {
  const policy = POLICIES[NAMES.indexOf(name)]!

  test('has the name of its file', () => expect(policy.name).toBe(name))
  test('has a summary of one line', () => expect(policy.summary).toMatch(/^[^\n]{10,120}$/))
  test('has a default and a description for each option', async () =>
    optionsAreDescribed(await preparePolicy(name)))
})

describe.each(SUBJECTS.map((policy) => ({ label: policy.label, policy })))('$label', ({ policy }) => {
  const stable = UNSTABLE.has(policy.policy.name) ? {} : STABLE_CHECKS
  for (const [sentence, check] of Object.entries({ ...QUEUE_CHECKS, ...stable, ...VIRTUAL_CHECKS })) {
    test(sentence, () => check(policy))
  }
})

describe.each(UNMANAGED)('%s, which leaves everything to Node', (name) => {
  test('completes a mixed program and loses no handle', async () => {
    const handles = new HandleCount()
    const { loop, run } = createRealRuntime({
      policy: await preparePolicy(name),
      selector: 'libuv',
      classes: CLASSES,
      random: createRandom(1),
      observers: [handles],
    })
    const main = loop.spawn(() => mixedProgram(loop))
    await run(main)
    // We are inside the last handle, which told us of the end.
    await new Promise(setImmediate)
    expect(main.result()).toEqual(WHOLE)
    handles.assertNothingLost()
    loop.close()
  })
})
