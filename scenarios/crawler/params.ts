import { type ScenarioContext, z } from '../../harness/api.ts'

const count = (least: number, most: number, fallback: number, name: string) =>
  z.number().int().min(least).max(most).default(fallback).describe(name)

export const crawlerParams = z.object({
  concurrency: count(1, 1000, 8, 'Pages fetched at once'),
  perSite: count(0, 1000, 0, 'Pages fetched at once from any one server; 0: as many as there are at once'),
  sites: count(1, 100, 6, 'Good servers'),
  pages: count(1, 1000, 6, 'Pages of each good server'),
  badPages: count(0, 1000, 2, 'Pages of each bad server: one hangs, one resets, one trickles, one truncates'),
  delayMs: z
    .number()
    .min(0)
    .max(1e4)
    .default(10)
    .describe('Mean time a good server takes for an answer, ms (uniform, from half to one and a half)'),
  bodyBytes: count(1, 1e6, 4000, 'Length of a page'),
  parseUs: z.number().min(0).max(1e6).default(300).describe('Work of reading a page, µs'),
  timeoutMs: z.number().min(1).max(6e4).default(60).describe('Time for an attempt at a page, ms'),
  retries: count(0, 20, 2, 'Attempts after the first'),
  backoffMs: z
    .number()
    .min(0)
    .max(1e4)
    .default(5)
    .describe('Pause before the first retry, ms; twice as long before each further one'),
})

export type CrawlerParams = z.output<typeof crawlerParams>
export type CrawlerContext = ScenarioContext<CrawlerParams>
