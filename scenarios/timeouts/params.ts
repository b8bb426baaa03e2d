import { type ScenarioContext, type SpawnOptions, z } from '../../harness/api.ts'

export const params = z.object({
  timers: z
    .number()
    .int()
    .min(1)
    .max(1e7)
    .default(200_000)
    .describe('Time-outs that are armed one after the other; most are cancelled before they fire'),
  live: z.number().int().min(1).max(1e6).default(20_000).describe('Of them, how many are armed at a time'),
  expiring: z.number().min(0).max(1).default(0.01).describe('Share that is not cancelled and fires'),
  storm: z.number().int().min(1).max(1e6).default(5000).describe('Timers that fire at the same instant'),
  stormUs: z.number().min(0).max(1e4).default(20).describe('CPU time of each of them, µs'),
  urgentPerSecond: z
    .number()
    .positive()
    .max(1e5)
    .default(1000)
    .describe('Urgent arrivals a second, at random, before and during the storm'),
  urgentUs: z.number().min(0).max(1e5).default(50).describe('CPU time of an urgent one, µs'),
  calmMs: z.number().min(1).max(6e4).default(300).describe('Time before the storm, ms'),
})

export type Context = ScenarioContext<z.output<typeof params>>

/** What can be replaced to see whether the checks notice: how a timer is armed, and what cancels it. */
export interface Timers {
  callAt(whenNs: number, callback: () => void, options?: SpawnOptions): { cancel(): void }
  /** Timers held, cancelled ones among them. */
  readonly timerCount: number
}

/** How early a timer of Node's own loop may fire. */
export const EARLY_NS = 1e6
