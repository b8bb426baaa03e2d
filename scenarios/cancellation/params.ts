import { type ScenarioContext, z } from '../../harness/api.ts'

const share = (fallback: number, name: string) => z.number().min(0).max(1).default(fallback).describe(name)
const meanMs = (fallback: number, name: string) =>
  z.number().min(0.01).max(6e4).default(fallback).describe(`${name}, ms`)

export const params = z.object({
  trees: z.number().int().min(1).max(1e5).default(100).describe('Trees of tasks'),
  treesPerSecond: z
    .number()
    .positive()
    .max(1e5)
    .default(100)
    .describe('Trees that begin a second, at random'),
  depth: z.number().int().min(0).max(6).default(2).describe('Levels below the root'),
  width: z.number().int().min(1).max(8).default(3).describe('Children of each task but the leaves'),
  leafMs: meanMs(5, 'Mean time that a leaf waits'),
  workUs: z.number().int().min(0).max(1e5).default(150).describe('CPU time of a leaf, µs'),
  cleanUpUs: z.number().int().min(0).max(1e5).default(30).describe('CPU time of the end of each task, µs'),
  deadlineMs: meanMs(15, 'Mean time-out of a task that has one'),
  timed: share(0.3, 'Share of tasks with a time-out'),
  cancelEveryMs: meanMs(3, 'Mean time from one cancellation of a random task to the next'),
  failing: share(0.02, 'Share of leaves that fail, which cancels what is in their group'),
  resets: share(0.05, 'Share of connections that the server resets'),
  permits: z.number().int().min(1).max(1e4).default(4).describe('Permits of the semaphore they share'),
  queueSize: z.number().int().min(1).max(1e4).default(4).describe('Bound of the queue they share'),
})

export type Context = ScenarioContext<z.output<typeof params>>
