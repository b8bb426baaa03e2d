/** The fields of one CSV line (RFC 4180, a record a line), as places in its bytes: no field becomes a string here. */
import { NEWLINE, RETURN } from './lines.ts'
import { excerpt, type Place } from './trace-place.ts'

const QUOTE = 34
const COMMA = 44

export class CsvFields {
  readonly #place: Place
  /** What `starts` and `ends` point into: the block itself, or a line taken out of its quotes. */
  bytes: Buffer = Buffer.alloc(0)
  count = 0
  starts = new Int32Array(16)
  ends = new Int32Array(16)

  constructor(place: Place) {
    this.#place = place
  }

  text(field: number): string {
    return this.bytes.toString('utf8', this.starts[field], this.ends[field])
  }

  /** A line with nothing in it, not even a comma. */
  get blank(): boolean {
    return this.count === 1 && this.starts[0] === this.ends[0]
  }

  /** Splits the line that begins at `start`; returns where the next begins. Throws `UsageError` for bad quotes. */
  split(block: Buffer, start: number): number {
    let quoted = false
    let at = start
    this.#begin(block, start)
    for (; ; at++) {
      const byte = block[at]!
      // Digits and letters, which most bytes are, leave after one comparison.
      if (byte > COMMA) continue
      if (byte === NEWLINE) break
      if (byte === COMMA) this.#cut(at, at + 1)
      else if (byte === QUOTE) quoted = true
    }
    const end = block[at - 1] === RETURN ? at - 1 : at
    if (quoted) this.#splitQuoted(block.subarray(start, end))
    else this.ends[this.count++] = end
    return at + 1
  }

  #begin(bytes: Buffer, start: number): void {
    this.bytes = bytes
    this.count = 0
    this.starts[0] = start
  }

  /** Ends a field at `end` and begins the next at `next`. */
  #cut(end: number, next: number): void {
    this.ends[this.count++] = end
    if (this.count === this.starts.length) this.#grow()
    this.starts[this.count] = next
  }

  #grow(): void {
    const { starts, ends } = this
    this.starts = new Int32Array(starts.length * 2)
    this.ends = new Int32Array(starts.length * 2)
    this.starts.set(starts)
    this.ends.set(ends)
  }

  /** The slow way: copies the line without its quotes. A quote inside a field that began without one is itself. */
  #splitQuoted(line: Buffer): void {
    const plain = Buffer.allocUnsafe(line.length)
    let size = 0
    this.#begin(plain, 0)
    for (let at = 0; ; at++) {
      if (line[at] === QUOTE) {
        const close = this.#closingQuote(line, at)
        const content = line.toString('latin1', at + 1, close).replaceAll('""', '"')
        size += plain.write(content, size, 'latin1')
        at = close + 1
      } else {
        const comma = line.indexOf(COMMA, at)
        size += line.copy(plain, size, at, comma < 0 ? line.length : comma)
        at = comma < 0 ? line.length : comma
      }
      if (at === line.length) break
      this.#cut(size, size)
    }
    this.ends[this.count++] = size
  }

  #closingQuote(line: Buffer, open: number): number {
    let close = line.indexOf(QUOTE, open + 1)
    while (line[close + 1] === QUOTE && close >= 0) close = line.indexOf(QUOTE, close + 2)
    if (close < 0)
      throw this.#place.lineMistake(
        `The quote before ${excerpt(line.toString('utf8', open + 1))} is not closed in this line: close it, or ` +
          'take out the line break inside the field',
      )
    if (close + 1 < line.length && line[close + 1] !== COMMA)
      throw this.#place.lineMistake(
        `After a closing quote stands ${excerpt(line.toString('utf8', close + 1))}: put a comma there, or write ` +
          'a quote inside a field twice',
      )
    return close
  }
}
