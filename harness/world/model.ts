/** What a world is like: its links, threads, files and the costs of its loops. Plain data, so it can be a task's JSON. */
import { z } from 'zod'
import { parseDuration } from '../durations.ts'
import { durationOption } from '../options.ts'

/** How long a job takes: always the same, or drawn for each. */
export type ServiceTime =
  | { readonly kind: 'fixed'; readonly ns: number }
  | { readonly kind: 'exp'; readonly meanNs: number }
  | { readonly kind: 'uniform'; readonly fromNs: number; readonly toNs: number }

/** From `fromNs` on and before `untilNs`, ns of virtual time. */
export interface Partition {
  readonly fromNs: number
  readonly untilNs: number
}

/**
 * The settings of a world: text from a command line, values once parsed. Durations come out as ns, bandwidths as bits
 * (files: bytes) a second, `null` for unlimited, because JSON has no infinity. What is parsed is not parsed again.
 * A connection within one host has latency and bandwidth only: a loopback neither jitters nor breaks.
 */
export const worldModel = z.strictObject({
  latency: durationOption('50us', 'one-way delay between any two ends of a connection'),
  jitter: durationOption(
    '0',
    'mean of an exponential delay on top, between hosts; nothing overtakes what was sent before it',
  ),
  bandwidth: textOption(
    '1Gbit',
    rateParser(['bit', 'kbit', 'Mbit', 'Gbit']),
    'a bandwidth such as 1Gbit, 100Mbit or 10kbit, or unlimited',
    'of each direction of each connection, in bits a second',
  ),
  loss: z
    .number('expected a chance from 0 to 1')
    .min(0, 'expected a chance from 0 to 1')
    .max(1, 'expected a chance from 0 to 1')
    .default(0)
    .describe('chance that a connection between hosts is lost: both ends get ECONNRESET'),
  lossAfter: durationOption('10ms', 'mean of the exponential life of a connection that is lost'),
  partition: textOption(
    'none',
    parsePartitions,
    'windows START+LENGTH such as 2s+500ms, joined by ; where there are several, or none',
    'when nothing passes between hosts; what is cut off is sent again when it ends',
  ),
  threads: z
    .int('expected a whole number from 1 on')
    .min(1, 'expected a whole number from 1 on')
    .default(4)
    .describe("threads of a host's pool; jobs beyond them wait, first come first served"),
  threadTime: serviceTimeOption('how long a thread takes for a job'),
  fileTime: serviceTimeOption('how long a file takes to be read or written, whatever its size'),
  fileBandwidth: textOption(
    'unlimited',
    rateParser(['B', 'kB', 'MB', 'GB']),
    'bytes a second such as 500MB or 2GB, or unlimited',
    'of each file operation, in bytes a second',
  ),
  dispatchNs: costOption('what it costs a loop to run a handle, ns'),
  pollNs: costOption('what it costs a loop to look at I/O, ns'),
  classNs: textOption(
    'none',
    parseClassCosts,
    'CLASS:DURATION such as health:20us, joined by ; where there are several, or none',
    'what running a handle of a class costs besides',
  ),
})

export type WorldModel = z.output<typeof worldModel>

export const DEFAULT_WORLD_MODEL: WorldModel = worldModel.parse({})

/** What is written in a form of its own. Numbers are taken too, so that `bandwidth=5` is told what was expected. */
function textOption<T>(
  defaultText: string,
  parse: (text: string) => T | undefined,
  expected: string,
  description: string,
) {
  return z
    .union([z.string(), z.number()])
    .default(defaultText)
    .transform((text, context): T => {
      const value = parse(String(text).trim())
      if (value !== undefined) return value
      context.addIssue({ code: 'custom', message: `expected ${expected}` })
      return z.NEVER
    })
    .describe(`${description} (${expected})`)
}

function serviceTimeOption(description: string) {
  const forms = 'a duration such as 50us, exp:MEAN or uniform:FROM-TO'
  return textOption('50us', parseServiceTime, forms, description)
}

function costOption(description: string) {
  const expected = 'expected a number of ns from 0 on'
  return z.number(expected).min(0, expected).default(0).describe(description)
}

function parseServiceTime(text: string): ServiceTime | undefined {
  const [, kind = 'fixed', rest] = /^(?:(exp|uniform):)?(.*)$/s.exec(text)!
  const times = (kind === 'uniform' ? rest!.split('-') : [rest!]).map(parseDuration)
  const [first, second] = times
  if (first === undefined) return undefined
  if (kind === 'fixed') return { kind, ns: first }
  if (kind === 'exp') return { kind, meanNs: first }
  if (times.length !== 2 || second === undefined || second < first) return undefined
  return { kind: 'uniform', fromNs: first, toNs: second }
}

/** `units` grow by factors of a thousand from one a second. */
function rateParser(units: readonly string[]): (text: string) => number | null | undefined {
  return (text) => {
    if (text === 'unlimited') return null
    const [, amount, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text) ?? []
    const rate = Number(amount) * 1000 ** units.indexOf(unit ?? '')
    return units.includes(unit ?? '') && rate > 0 ? rate : undefined
  }
}

/** In order of their start, which is how a link looks through them. */
function parsePartitions(text: string): Partition[] | undefined {
  return parseList(text, '+', parseDuration)
    ?.map(([fromNs, lengthNs]) => ({ fromNs, untilNs: fromNs + lengthNs }))
    .toSorted((a, b) => a.fromNs - b.fromNs)
}

function parseClassCosts(text: string): Record<string, number> | undefined {
  const costs = parseList(text, ':', (name) => (name === '' ? undefined : name))
  return costs && Object.fromEntries(costs)
}

/** `none`, or pairs of something and a duration, joined by semicolons; `undefined` where one of them is no such pair. */
function parseList<T>(
  text: string,
  separator: string,
  parseFirst: (text: string) => T | undefined,
): [T, number][] | undefined {
  if (text === 'none') return []
  const pairs = text.split(';').map((each): [T | undefined, number | undefined] => {
    const at = each.lastIndexOf(separator)
    return [parseFirst(each.slice(0, Math.max(0, at)).trim()), parseDuration(each.slice(at + 1))]
  })
  return pairs.every(isWhole) ? pairs : undefined
}

function isWhole<T>(pair: [T | undefined, number | undefined]): pair is [T, number] {
  return pair[0] !== undefined && pair[1] !== undefined
}
