/** The regularised incomplete beta function: the distribution behind exact binomial bounds. */

/** Lanczos' coefficients for g = 7 and n = 9, by P. Godfrey: 15 digits. */
const LANCZOS_G = 7
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x ≥ 1/2. */
function logGamma(x: number): number {
  const shifted = x - 1
  const series = LANCZOS.reduce(
    (sum, coefficient, i) => sum + (i === 0 ? coefficient : coefficient / (shifted + i)),
    0,
  )
  const base = shifted + LANCZOS_G + 0.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series)
}

/** I_x(a, b): the chance that a beta variable with a, b ≥ 1/2 is at most x in 0..1. Nine digits up to a + b = 10⁶. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast below the mean only; above it, the other tail does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a)
  const front = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)
  return Math.exp(front) / (a * betaFraction(x, a, b))
}

/**
 * 1 + d1/(1 + d2/(1 + ...)) (Abramowitz & Stegun 26.5.8), by Lentz' method as Thompson and Barnett (1986) changed it.
 * Takes about the square root of the larger parameter in steps.
 */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let fraction = 1
  let numerator = 1
  let denominator = 0
  for (let k = 1; ; k++) {
    const m = k >> 1
    const coefficient =
      k % 2 === 0
        ? (m * (b - m) * x) / ((a + k - 1) * (a + k))
        : (-(a + m) * (a + b + m) * x) / ((a + k - 1) * (a + k))
    numerator = apart(1 + coefficient / numerator)
    denominator = 1 / apart(1 + coefficient * denominator)
    const change = numerator * denominator
    fraction *= change
    if (Math.abs(change - 1) < 1e-15) return fraction
    if (k > 1e6) throw new Error(`The incomplete beta function of ${x}, ${a}, ${b} does not converge`)
  }
}
