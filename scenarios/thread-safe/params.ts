import { type ScenarioContext, z } from '../../harness/api.ts'

const workUs = (fallback: number, name: string) =>
  z.number().int().min(0).max(1e5).default(fallback).describe(`CPU time of ${name}, µs`)

export const params = z.object({
  threads: z.number().int().min(1).max(64).default(3).describe("Worker threads (the articles': 3)"),
  submissions: z.number().int().min(1).max(1e5).default(150).describe('Submissions of each thread'),
  gapMs: z.number().min(1).max(1e4).default(3).describe('Mean pause of a thread between two of them, ms'),
  timeoutMs: z
    .number()
    .min(1)
    .max(6e4)
    .default(300)
    .describe("How long a thread waits for an answer, ms (the articles': 5000)"),
  hanging: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(1)
    .describe('Submissions of each thread that are never answered'),
  crunchShare: z.number().min(0).max(1).default(0.2).describe('Share of dear submissions'),
  lookupUs: workUs(50, 'a lookup'),
  crunchUs: workUs(1000, 'a dear submission'),
  ownTasks: z.number().int().min(0).max(1e4).default(8).describe("The loop's own tasks (the articles': 2)"),
  ownEveryMs: z.number().min(0.1).max(1e4).default(16).describe('Mean pause of each of them, ms'),
  ownUs: workUs(1000, 'a step of an own task'),
  idle: z.number().int().min(0).max(1e5).default(100).describe('Submissions to an idle loop, beforehand'),
})

export type Context = ScenarioContext<z.output<typeof params>>
