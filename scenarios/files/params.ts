import { type Loop, type ScenarioContext, z } from '../../harness/api.ts'
import type { Folder } from './folder.ts'

export const params = z.object({
  files: z.number().int().min(1).max(1e5).default(300).describe('Files'),
  versions: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .describe('How often each is written, then read back'),
  maxKiB: z
    .number()
    .positive()
    .max(1e5)
    .default(64)
    .describe('Largest file, KiB; sizes are uniform up to it'),
  inFlight: z.number().int().min(1).max(1000).default(16).describe('Files that are worked on at a time'),
  parseUs: z.number().int().min(0).max(1e6).default(300).describe('CPU time for what was read of a file, µs'),
  sensitivePerSecond: z
    .number()
    .positive()
    .max(1e5)
    .default(800)
    .describe('Latency-sensitive arrivals a second, at random'),
  sensitiveUs: z.number().int().min(0).max(1e5).default(50).describe('CPU time of each of them, µs'),
  quietMs: z.number().min(1).max(6e4).default(300).describe('Time without files, beforehand, ms'),
})

export type Context = ScenarioContext<z.output<typeof params>>

/** What can be replaced to see whether the checks notice. */
export interface Parts {
  readonly disk: Pick<Loop, 'readFile' | 'writeFile'>
  openFolder(loop: Loop): PromiseLike<Folder>
}
