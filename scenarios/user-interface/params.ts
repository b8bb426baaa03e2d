import { type ScenarioContext, z } from '../../harness/api.ts'

export const interfaceParams = z.object({
  durationMs: z.number().min(100).max(6e5).default(1500).describe('Length of the run, ms'),
  framesPerSecond: z
    .number()
    .min(1)
    .max(1000)
    .default(60)
    .describe('How often the screen shows a new picture'),
  frameUs: z.number().min(0).max(1e6).default(4000).describe('Work of drawing one frame, µs'),
  inputsPerSecond: z.number().min(1).max(10_000).default(60).describe('Clicks, at random times (Poisson)'),
  inputUs: z.number().min(0).max(1e6).default(500).describe('Work of handling one click, µs'),
  backgroundTasks: z.number().int().min(0).max(1000).default(8).describe('Tasks that work all the time'),
  jobMs: z.number().min(0.1).max(1e4).default(24).describe('Work of one background job, ms'),
  sliceUs: z
    .number()
    .int()
    .min(0)
    .max(1e6)
    .default(2000)
    .describe('A background job gives way after so much work, µs; 0: never'),
})

export type InterfaceParams = z.output<typeof interfaceParams>
export type InterfaceContext = ScenarioContext<InterfaceParams>
