/** Decimal numbers straight from bytes: a string for each would cost more than all the rest of a row. */
const ZERO = 48
const NINE = 57
const POINT = 46
/** Fifteen digits are always exact in a double. */
const EXACT_DIGITS = 15
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** `12`, `-12.5`, `1e3`; `NaN` where the bytes are no decimal number, infinite where it is beyond all doubles. */
export function decimalOf(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > EXACT_DIGITS) return carefulDecimal(bytes, start, end)
  let value = 0
  let fraction = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= ZERO && byte <= NINE) value = value * 10 + byte - ZERO
    else if (byte === POINT && fraction === 0 && at > start) fraction = end - at - 1
    else return carefulDecimal(bytes, start, end)
  }
  // An exact integer over an exact power of ten is rounded once, as `Number` rounds it (Clinger, 1990).
  return value / POWERS_OF_TEN[fraction]!
}

function carefulDecimal(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end)
  return DECIMAL.test(text) ? Number(text) : Number.NaN
}
