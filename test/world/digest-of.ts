import type { PreparedPolicy } from '../../harness/policy-parts.ts'
import { CLASSES, mixedProgram } from '../policies/mixed-program.ts'
import { simulate } from './simulate.ts'

/** The digest of the mixed program under the policy. */
export async function digestOf(policy: string | PreparedPolicy): Promise<string> {
  return (await simulate(policy, mixedProgram, { classes: CLASSES })).digest
}
