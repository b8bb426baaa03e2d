import type { z } from 'zod'
import type { LoopPolicy, Scenario } from './contracts.ts'

/** A loop policy, with its options typed from their schema. Returns it as it is. */
export function definePolicy<Schema extends z.ZodType>(policy: LoopPolicy<Schema>): LoopPolicy<Schema> {
  return policy
}

/** A scenario, with its params typed from their schema. Returns it as it is. */
export function defineScenario<Schema extends z.ZodType>(scenario: Scenario<Schema>): Scenario<Schema> {
  return scenario
}
