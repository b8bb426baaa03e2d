/** Two event logs of the same round, read side by side until they differ. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { namesPath, RECORD_NUMBERS } from '../world/event-log.ts'

const RECORD_BYTES = RECORD_NUMBERS * 8
const RECORDS_READ = 4096
/** Of a stretch of events that is shown. */
const EVENTS_SHOWN = 3

export interface LoggedEvent {
  readonly host: number
  readonly startNs: number
  readonly endNs: number
  readonly sequence: number
  readonly name: string
}

/** Where two logs part: what each has there, `undefined` where it has ended. */
export interface Divergence {
  /** Counts from 1. */
  readonly number: number
  readonly events: readonly [LoggedEvent | undefined, LoggedEvent | undefined]
}

/** The first event that is not the same in both logs; `undefined` where all are. */
export function firstDivergence(pathA: string, pathB: string): Divergence | undefined {
  const [a, b] = [new KeptLog(pathA), new KeptLog(pathB)]
  try {
    for (let number = 1; ; number++) {
      const events = [a.next(), b.next()] as const
      if (!isSame(...events)) return { number, events }
      if (events[0] === undefined) return undefined
    }
  } finally {
    a.close()
    b.close()
  }
}

function isSame(a: LoggedEvent | undefined, b: LoggedEvent | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.host === b.host &&
    a.startNs === b.startNs &&
    a.endNs === b.endNs &&
    a.sequence === b.sequence &&
    a.name === b.name
  )
}

/** `event 1,234: first run: host 0 at 12.345 ms 'job' (handle 567, ran for 50 µs); second run: ...` */
export function describeDivergence({ number, events }: Divergence, runs: readonly [string, string]): string {
  const said = events.map((event, run) => `${runs[run]}: ${describeEvent(event)}`)
  return `event ${count(number)}: ${said.join('; ')}`
}

/**
 * `within events 12,289 to 12,544 of 40,112 (12 ms to 13 ms: host 0 at 12 ms 'job' (handle 567, ran for 50 µs); …)`: a
 * stretch of a log, its first events in full. Counts from 1; both ends belong to it.
 */
export function describeStretch(path: string, from: number, to: number): string {
  const total = Math.floor(statSync(path).size / RECORD_BYTES)
  const stretch = from === to ? `at event ${count(from)}` : `within events ${count(from)} to ${count(to)}`
  return `${stretch} of ${count(total)} (${describeEvents(eventsOf(path, from, to), to > total)})`
}

function describeEvents(events: readonly LoggedEvent[], ended: boolean): string {
  const said: string[] = events.slice(0, EVENTS_SHOWN).map(describeEvent)
  if (events.length > EVENTS_SHOWN) said.push('…')
  if (ended) said.push(describeEvent(undefined))
  const [first, last] = [events[0], events.at(-1)]
  const times = first && last ? `${exactTime(first.startNs)} to ${exactTime(last.endNs)}: ` : ''
  return times + said.join('; ')
}

function eventsOf(path: string, from: number, to: number): LoggedEvent[] {
  const log = new KeptLog(path, from - 1)
  try {
    const events: LoggedEvent[] = []
    for (let event = log.next(); event !== undefined && from + events.length <= to; event = log.next()) {
      events.push(event)
    }
    return events
  } finally {
    log.close()
  }
}

function count(events: number): string {
  return events.toLocaleString('en-US')
}

function describeEvent(event: LoggedEvent | undefined): string {
  if (event === undefined) return 'nothing more happens'
  const { host, startNs, endNs, sequence, name } = event
  return `host ${host} at ${exactTime(startNs)} '${name}' (handle ${sequence}, ran for ${exactTime(endNs - startNs)})`
}

/** To the picosecond, unlike the times of reports: two runs may be as near as that. */
function exactTime(ns: number): string {
  if (ns < 1e3) return `${decimals(ns, 3)} ns`
  if (ns < 1e6) return `${decimals(ns / 1e3, 6)} µs`
  return ns < 1e9 ? `${decimals(ns / 1e6, 9)} ms` : `${decimals(ns / 1e9, 12)} s`
}

function decimals(value: number, most: number): number {
  return Number(value.toFixed(most))
}

/** A log as `keepEventLog` wrote it, event by event. */
class KeptLog {
  readonly #names: readonly string[]
  readonly #fd: number
  readonly #chunk = new Float64Array(RECORD_NUMBERS * RECORDS_READ)
  #at = 0
  #end = 0
  /** In the file, bytes. */
  #position: number

  /** Begins after so many events. */
  constructor(path: string, skipped = 0) {
    this.#position = skipped * RECORD_BYTES
    const lines = readFileSync(namesPath(path), 'utf8').split('\n').slice(0, -1)
    this.#names = lines.map((line) => JSON.parse(line) as string)
    this.#fd = openSync(path, 'r')
  }

  next(): LoggedEvent | undefined {
    if (this.#at === this.#end && !this.#fill()) return undefined
    const [host, startNs, endNs, sequence, name] = this.#chunk.subarray(this.#at, this.#at + RECORD_NUMBERS)
    this.#at += RECORD_NUMBERS
    return {
      host: host!,
      startNs: startNs!,
      endNs: endNs!,
      sequence: sequence!,
      name: this.#names[name!] ?? '',
    }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** A record that is cut off, as where the process was killed, is none. */
  #fill(): boolean {
    const bytes = new Uint8Array(this.#chunk.buffer)
    let filled = 0
    for (let read = -1; read !== 0 && filled < bytes.length; filled += read) {
      read = readSync(this.#fd, bytes, filled, bytes.length - filled, this.#position + filled)
    }
    this.#position += filled
    this.#at = 0
    this.#end = Math.floor(filled / RECORD_BYTES) * RECORD_NUMBERS
    return this.#end > 0
  }
}
