/**
 * The mean of a simulated series and how far it can be trusted, by batch means: neighbours depend on one another (who
 * waits long is followed by those who do), means of long batches hardly do. (Law, Simulation Modeling and Analysis,
 * chapter 9; batches that double as in Yeh and Schmeiser, Simulation output analysis via dynamic batch means, 2000.)
 */

/** When that many batches are full, each two become one: there are 32 to 63, as long as they can be. */
const MOST_BATCHES = 64

/** The standard normal distribution's quantile for 99 % on both sides. */
const NORMAL_99 = 2.5758293035489004

export class BatchMeans {
  readonly #sums = new Float64Array(MOST_BATCHES)
  #batches = 0
  #batchSize = 1
  #sum = 0
  #inBatch = 0
  #allSums = 0
  #count = 0

  add(value: number): void {
    this.#count++
    this.#sum += value
    if (++this.#inBatch === this.#batchSize) this.#closeBatch()
  }

  get count(): number {
    return this.#count
  }

  /** Of all values; `NaN` where there are none. */
  get mean(): number {
    return (this.#allSums + this.#sum) / this.#count
  }

  /** Half the width of the 99 % confidence interval of the mean; `NaN` with fewer than 32 values. */
  get halfWidth99(): number {
    const batches = this.#batches
    if (batches < MOST_BATCHES / 2) return Number.NaN
    const mean = this.#allSums / batches
    let squares = 0
    for (let i = 0; i < batches; i++) squares += (this.#sums[i]! - mean) ** 2
    const standardError = Math.sqrt(squares / (batches - 1) / batches) / this.#batchSize
    return student99(batches - 1) * standardError
  }

  #closeBatch(): void {
    this.#sums[this.#batches++] = this.#sum
    this.#allSums += this.#sum
    this.#sum = 0
    this.#inBatch = 0
    if (this.#batches === MOST_BATCHES) this.#double()
  }

  #double(): void {
    this.#batches /= 2
    this.#batchSize *= 2
    for (let i = 0; i < this.#batches; i++) this.#sums[i] = this.#sums[2 * i]! + this.#sums[2 * i + 1]!
  }
}

/**
 * Student's t for 99 % on both sides, by the Cornish–Fisher expansion around the normal quantile (Abramowitz and
 * Stegun 26.7.5): right to four digits from the 31 degrees of freedom on that there are here.
 */
export function student99(degrees: number): number {
  const x = NORMAL_99
  const terms = [
    (x ** 3 + x) / 4,
    (5 * x ** 5 + 16 * x ** 3 + 3 * x) / 96,
    (3 * x ** 7 + 19 * x ** 5 + 17 * x ** 3 - 15 * x) / 384,
  ]
  return terms.reduce((t, term, i) => t + term / degrees ** (i + 1), x)
}
