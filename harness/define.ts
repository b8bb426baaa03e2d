import type { z } from 'zod'
import type { Config } from './config.ts'
import type { ClassTable, LoopPolicy, Scenario } from './contracts.ts'

/** A loop policy, with its options typed from their schema. Returns it as it is. */
export function definePolicy<Schema extends z.ZodType>(policy: LoopPolicy<Schema>): LoopPolicy<Schema> {
  return policy
}

/** A scenario, with its params typed from their schema. Returns it as it is. */
export function defineScenario<Schema extends z.ZodType>(scenario: Scenario<Schema>): Scenario<Schema> {
  return scenario
}

/** What `loopdyno.config.ts` exports, with its fields typed. Returns it as it is. */
export function defineConfig(config: Config): Config {
  return config
}

/** The traffic classes of a scenario under these params. */
export function classesOf<Schema extends z.ZodType>(
  { classes }: Scenario<Schema>,
  params: z.output<Schema>,
): ClassTable {
  return typeof classes === 'function' ? classes(params) : classes
}
