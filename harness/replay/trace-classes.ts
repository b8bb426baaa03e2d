/** Class names, each held once: a trace has many rows and few classes. */
import { didYouMean } from '../suggest.ts'
import { excerpt, type Place } from './trace-place.ts'

/** More classes than anybody compares: above this a wrong column was mapped, and memory would grow with the rows. */
const CLASSES_MAX = 100
const BUCKETS = 1024
const CONTROL = /\p{Cc}/u

interface Known {
  readonly bytes: Buffer
  readonly name: string
}

/** Throws `UsageError` for a class that is empty, cannot be printed, or is one too many. */
export class ClassNames {
  readonly #place: Place
  readonly #allowed: readonly string[] | undefined
  readonly #names = new Set<string>()
  readonly #buckets: Known[][] = Array.from({ length: BUCKETS }, () => [])

  /** `allowed`: all that may come; any where it is not given. */
  constructor(place: Place, allowed?: readonly string[]) {
    this.#place = place
    this.#allowed = allowed
  }

  /** Found by its bytes, so that a row whose class is known makes no string. */
  ofBytes(bytes: Buffer, start: number, end: number): string {
    let hash = 0
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
    const bucket = this.#buckets[hash & (BUCKETS - 1)]!
    for (const known of bucket) if (holds(bytes, start, end, known.bytes)) return known.name
    const name = this.of(bytes.toString('utf8', start, end))
    bucket.push({ bytes: Buffer.from(bytes.subarray(start, end)), name })
    return name
  }

  of(name: string): string {
    if (!this.#names.has(name)) this.#add(name)
    return name
  }

  #add(name: string): void {
    if (name === '')
      throw this.#place.lineMistake(
        "The class is empty: name one, or map no class column with --columns 'class='",
      )
    if (CONTROL.test(name))
      throw this.#place.lineMistake(`The class ${excerpt(name)} has a control character: take it out`)
    if (this.#allowed?.includes(name) === false)
      throw this.#place.lineMistake(
        `The class ${excerpt(name)} is not among ${this.#allowed.join(', ')}${didYouMean(name, this.#allowed)}: ` +
          `add it to --classes with its priority, as in '${name}=1'`,
      )
    if (this.#names.size === CLASSES_MAX)
      throw this.#place.lineMistake(
        `${excerpt(name)} is one class more than ${CLASSES_MAX}: map a column that has few values with ` +
          "--columns 'class=COLUMN', or none with 'class='",
      )
    this.#names.add(name)
  }
}

function holds(bytes: Buffer, start: number, end: number, wanted: Buffer): boolean {
  if (end - start !== wanted.length) return false
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false
  return true
}
