/**
 * A histogram of durations in ns: HdrHistogram with three significant digits, from 1 ns to days. An exact one keeps
 * the values beside it, up to a million.
 *
 * The library's own `recordValue` costs about 110 ns (a logarithm and a power a value). We count into an array
 * of the same buckets by bit operations, about ten times quicker, and empty it into the library's histogram
 * before anything is read.
 */
import type { Histogram as Hdr } from 'hdr-histogram-js'
// Not from the package's index: what else is in it would make each round's process start 20 ms later.
import { decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js/dist/encoding.js'
import { build } from 'hdr-histogram-js/dist/HistogramBuilder.js'

const SIGNIFICANT_DIGITS = 3
/** Three digits need 2048 sub-buckets, of which all buckets but the first use the upper half: 2^10. */
const HALF_BITS = 10
const HALF_COUNT = 1 << HALF_BITS
/** Covers 2 s at first; grows as values do. */
const FIRST_LENGTH = 22 * HALF_COUNT
/** As far as whole numbers go, 104 days. */
const LARGEST_NS = Number.MAX_SAFE_INTEGER + 1

/** The percentiles of every report, by the statistic's name. */
export const PERCENTILES = { p50: 50, p90: 90, p99: 99, p999: 99.9 } as const
/** Values that an exact histogram keeps, 8 MiB. Beyond, it is as any other. */
export const EXACT_UP_TO = 2 ** 20
const FIRST_SAMPLES = 1024

export class Histogram {
  readonly #hdr: Hdr
  #pending = new Uint32Array(0)
  #pendingCount = 0
  #sum = 0
  #min = Infinity
  #max = 0
  /** Every value, in order of coming; `undefined` where it is not exact, or not any more. */
  #samples: Float64Array | undefined
  #kept = 0

  private constructor(hdr: Hdr, samples?: Float64Array) {
    this.#hdr = hdr
    this.#samples = samples
  }

  /** An empty histogram. */
  static create(): Histogram {
    return new Histogram(emptyHdr())
  }

  /** An empty histogram whose percentiles are exact (nearest rank) up to `EXACT_UP_TO` values. */
  static createExact(): Histogram {
    return new Histogram(emptyHdr(), new Float64Array(FIRST_SAMPLES))
  }

  /** The histogram that `encode` wrote. Mean, minimum and maximum are those of its buckets (± 0.1 %). */
  static decode(text: string): Histogram {
    const decoded = decodeFromCompressedBase64(text, 64)
    decoded.autoResize = true
    const histogram = new Histogram(decoded)
    if (decoded.totalCount === 0) return histogram
    histogram.#sum = sumOf(decoded as Counts, decoded.maxValue)
    histogram.#min = decoded.getValueAtPercentile(0)
    histogram.#max = decoded.maxValue
    return histogram
  }

  /** Counts one value, rounded to whole ns. Throws RangeError for what is no duration (negative, NaN). */
  record(ns: number): void {
    const value = Math.floor(ns + 0.5)
    if (!(value >= 0 && value < LARGEST_NS)) throw new RangeError(`Not a duration in ns: ${ns}`)
    const index = bucketOf(value)
    if (index >= this.#pending.length) this.#grow(index)
    if (this.#samples !== undefined) this.#keep(value)
    this.#pending[index]!++
    this.#pendingCount++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  /** Adds everything that `other` counted. It is not exact from then on. */
  merge(other: Histogram): void {
    this.#samples = undefined
    this.#hdr.add(other.#settled())
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** HdrHistogram's V2 format, compressed, base64: any HdrHistogram tool reads it. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#settled())
  }

  get count(): number {
    return this.#hdr.totalCount + this.#pendingCount
  }

  /** Exact for what was recorded here; 0 when empty. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }

  /** Exact for what was recorded here; 0 when empty. */
  get min(): number {
    return this.count === 0 ? 0 : this.#min
  }

  /** Exact for what was recorded here; 0 when empty. */
  get max(): number {
    return this.#max
  }

  /** Whether percentiles are those of the values and not of their buckets. */
  get isExact(): boolean {
    return this.#samples !== undefined
  }

  /** The value, ns, that `percent` (0 to 100) of all values do not exceed: exact, or within 0.1 %; 0 when empty. */
  percentile(percent: number): number {
    if (this.count === 0) return 0
    if (this.#samples !== undefined) return this.#nearestRank(percent)
    const value = this.#settled().getValueAtPercentile(percent)
    return Math.min(Math.max(value, this.#min), this.#max)
  }

  #keep(value: number): void {
    if (this.#kept === this.#samples!.length) {
      this.#samples = this.#kept < EXACT_UP_TO ? longer(this.#samples!) : undefined
      if (this.#samples === undefined) return
    }
    this.#samples![this.#kept++] = value
  }

  /** Sorts only the values of the bucket that the rank falls into. */
  #nearestRank(percent: number): number {
    // In whole thousandths: 99.9 % of 1,000 values is the 999th, and not what rounding makes of it.
    const rank = Math.max(1, Math.ceil((this.#kept * Math.round(percent * 1000)) / 100_000))
    const samples = this.#samples!.subarray(0, this.#kept)
    const bucket = bucketOf(this.#settled().getValueAtPercentile(percent))
    const [low, high] = [lowestOf(bucket), lowestOf(bucket + 1)]
    const inside: number[] = []
    let below = 0
    for (let i = 0; i < samples.length; i++) {
      const value = samples[i]!
      if (value < low) below++
      else if (value < high) inside.push(value)
    }
    inside.sort((a, b) => a - b)
    // The library's rank may be one off, and so its bucket.
    return inside[rank - 1 - below] ?? samples.slice().sort()[rank - 1]!
  }

  #grow(index: number): void {
    const larger = new Uint32Array(Math.max(FIRST_LENGTH, index + HALF_COUNT))
    larger.set(this.#pending)
    this.#pending = larger
  }

  #settled(): Hdr {
    if (this.#pendingCount === 0) return this.#hdr
    const last = bucketOf(this.#max)
    for (let index = bucketOf(this.#min); index <= last; index++) {
      const count = this.#pending[index]!
      if (count > 0) this.#hdr.recordValueWithCount(lowestOf(index), count)
    }
    this.#pending.fill(0)
    this.#pendingCount = 0
    return this.#hdr
  }
}

function longer(samples: Float64Array): Float64Array {
  const twice = new Float64Array(samples.length * 2)
  twice.set(samples)
  return twice
}

function emptyHdr(): Hdr {
  return build({
    bitBucketSize: 64,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 31,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    useWebAssembly: false,
  })
}

/** What the library's histograms have beyond its declared interface. */
type Counts = Hdr & { getCountAtIndex(index: number): number }

/** Each value taken as the middle of its bucket. (The library's own `mean` takes 3 ms, this a twentieth.) */
function sumOf(counts: Counts, max: number): number {
  let sum = 0
  for (let index = bucketOf(max); index > 0; index--) {
    const count = counts.getCountAtIndex(index)
    if (count > 0) sum += count * Math.floor((lowestOf(index) + lowestOf(index + 1)) / 2)
  }
  return sum
}

/** HdrHistogram's bucket: the eleven leading bits of the value, after its magnitude. */
function bucketOf(value: number): number {
  if (value < 2 ** 31) {
    const shift = Math.max(0, 31 - HALF_BITS - Math.clz32(value))
    return (shift << HALF_BITS) + (value >>> shift)
  }
  // Bit operations see 32 bits: the lowest 21 fall below the resolution of a value this large.
  const high = Math.floor(value / 2 ** 21)
  const shift = 31 - HALF_BITS - Math.clz32(high)
  return ((shift + 21) << HALF_BITS) + (high >>> shift)
}

function lowestOf(index: number): number {
  if (index < 2 * HALF_COUNT) return index
  const shift = (index >>> HALF_BITS) - 1
  return ((index & (HALF_COUNT - 1)) + HALF_COUNT) * 2 ** shift
}
