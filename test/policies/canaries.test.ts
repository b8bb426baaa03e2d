/** A check that cannot fail checks nothing: each is shown a policy that breaks just its rule. */
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { definePolicy } from '../../harness/api.ts'
import { type PreparedPolicy, preparePolicy } from '../../harness/policy-parts.ts'
import { CANARIES } from './canaries.ts'
import {
  aMixedProgramCompletes,
  anEmptyQueueGivesNothing,
  aTurnRunsAtLeastOne,
  cancelledHandlesComeBack,
  equalsKeepTheirOrder,
  everyHandleComesBackOnce,
  nothingIsWithheld,
  optionsAreDescribed,
  type PolicyCheck,
  prepared,
  QUEUE_CHECKS,
  runsRepeatExactly,
  STABLE_CHECKS,
  sizeIsWhatIsHeld,
  theInnerOrderIsKept,
  theSameSeedGivesTheSameOrder,
  VIRTUAL_CHECKS,
  waitingWorkIsConserved,
} from './conformance.ts'

async function verdict(check: PolicyCheck, policy: PreparedPolicy): Promise<'passes' | 'fails'> {
  try {
    await check(policy)
    return 'passes'
  } catch {
    return 'fails'
  }
}

describe('the conformance suite', () => {
  test('lets an honest policy pass', async () => {
    const checks = { ...QUEUE_CHECKS, ...STABLE_CHECKS, ...VIRTUAL_CHECKS }
    for (const check of Object.values(checks)) expect(await verdict(check, CANARIES.honest)).toBe('passes')
  })

  test.each<[string, PreparedPolicy, PolicyCheck[]]>([
    ['loses every fifth handle', CANARIES.losesEveryFifth, [everyHandleComesBackOnce, nothingIsWithheld]],
    ['returns a handle twice', CANARIES.returnsTwice, [everyHandleComesBackOnce]],
    ['serves the last of equals first', CANARIES.lastOfEquals, [equalsKeepTheirOrder]],
    ['counts one too few', CANARIES.sizeOffByOne, [sizeIsWhatIsHeld]],
    ['keeps its last handle back', CANARIES.withholds, [nothingIsWithheld, everyHandleComesBackOnce]],
    ['throws', CANARIES.throws, [everyHandleComesBackOnce]],
    ['drops what is cancelled', CANARIES.dropsCancelled, [cancelledHandlesComeBack]],
    ['never lets a turn run anything', CANARIES.neverATurn, [aTurnRunsAtLeastOne]],
    ['gives the last one again when empty', CANARIES.givesTheLastAgain, [anEmptyQueueGivesNothing]],
    ['has an order of its own each time', CANARIES.notDeterministic, [theSameSeedGivesTheSameOrder]],
  ])('finds a queue that %s', async (_, policy, checks) => {
    for (const check of checks) expect(await verdict(check, policy)).toBe('fails')
  })

  test.each<[string, PreparedPolicy, PolicyCheck]>([
    ['loses every fifth handle', CANARIES.losesEveryFifth, aMixedProgramCompletes],
    ['returns a handle twice', CANARIES.returnsTwice, aMixedProgramCompletes],
    ['counts one too few', CANARIES.sizeOffByOne, aMixedProgramCompletes],
    ['keeps its last handle back', CANARIES.withholds, aMixedProgramCompletes],
    ['throws', CANARIES.throws, aMixedProgramCompletes],
    ['has an order of its own each time', CANARIES.notDeterministic, runsRepeatExactly],
    ['leaves the processor idle', CANARIES.idles, waitingWorkIsConserved],
  ])('finds, under a loop, a policy that %s', async (_, policy, check) => {
    expect(await verdict(check, policy)).toBe('fails')
  })

  test('finds a wrapping policy that changes the inner order', async () => {
    const wrapped = await preparePolicy('timing:inner=priority')
    const { createQueue } = CANARIES.lastOfEquals.policy
    const meddling = { ...wrapped, policy: { ...wrapped.policy, createQueue } }
    expect(await verdict(theInnerOrderIsKept, wrapped)).toBe('passes')
    expect(await verdict(theInnerOrderIsKept, meddling)).toBe('fails')
  })

  test.each([
    ['default', z.object({ pace: z.number().describe('how fast') })],
    ['description', z.object({ pace: z.number().default(1) })],
  ])('finds an option without a %s', async (_, options) => {
    const policy = definePolicy({ name: 'terse', summary: 'says too little', options })
    expect(await verdict(optionsAreDescribed, prepared(policy))).toBe('fails')
  })
})

/** What the kernel itself says when such a policy is run. */
describe('the guard of the loop', () => {
  test.each([
    ['lost', /lost \d+ of \d+ ready handles/, CANARIES.losesEveryFifth],
    ['twice', /handle \d+ \(.+\) is in the queue again/, CANARIES.returnsTwice],
    ['lost', /lost 1 of \d+ ready handles/, CANARIES.sizeOffByOne],
    ['withheld', /shift returned undefined while holding 1 ready handle/, CANARIES.withholds],
    ['policy-error', /push threw: too much/, CANARIES.throws],
  ])('names a policy fault of the kind %s: %s', async (kind, message, policy) => {
    await expect(aMixedProgramCompletes(policy)).rejects.toMatchObject({
      name: 'PolicyFault',
      kind,
      message: expect.stringMatching(message),
    })
  })
})
