/** Chunks of bytes into blocks of whole lines, so that what parses lines never waits and never holds the file. */
import { isUtf8 } from 'node:buffer'
import type { Place } from './trace-place.ts'

/** The longest line that is read, in bytes: what is longer is no line of a trace. */
export const LINE_BYTES_MAX = 2 ** 20
export const NEWLINE = 10
export const RETURN = 13

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const LINE_BREAK = Buffer.from([NEWLINE])

/**
 * Blocks in which every line ends in a line feed, the last one too, without a byte order mark. A block is a chunk at
 * most, and a line that began before it. Throws `UsageError` for what is not UTF-8 text and for a line longer than
 * `LINE_BYTES_MAX`, of which no more than that is held (chunks must not be larger). Whoever reads counts
 * `place.line` up to the end of a block before asking for the next.
 */
export async function* wholeLines(chunks: AsyncIterable<Buffer>, place: Place): AsyncGenerator<Buffer> {
  for await (const block of lineBlocks(chunks, place)) {
    if (!isUtf8(block)) throw notUtf8(block, place)
    yield place.line === 0 && block.indexOf(BYTE_ORDER_MARK) === 0
      ? block.subarray(BYTE_ORDER_MARK.length)
      : block
  }
}

async function* lineBlocks(chunks: AsyncIterable<Buffer>, place: Place): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (chunk.includes(0))
      throw place.fileMistake('This is no text file (it has zero bytes): give a CSV or JSONL file in UTF-8')
    const firstEnd = chunk.indexOf(NEWLINE)
    if (rest.length + (firstEnd < 0 ? chunk.length : firstEnd) > LINE_BYTES_MAX) throw tooLong(place)
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) yield Buffer.concat([rest, chunk.subarray(0, end)])
    rest = end > 0 ? chunk.subarray(end) : Buffer.concat([rest, chunk])
  }
  if (rest.length > 0) yield Buffer.concat([rest, LINE_BREAK])
}

function tooLong(place: Place): Error {
  place.line++
  return place.lineMistake(
    'This line is longer than 1 MiB: check that the file is CSV or JSONL, a row a line',
  )
}

function notUtf8(block: Buffer, place: Place): Error {
  let start = 0
  for (; start < block.length; place.line++) {
    const end = block.indexOf(NEWLINE, start) + 1
    if (!isUtf8(block.subarray(start, end))) break
    start = end
  }
  place.line++
  return place.lineMistake('This line is not UTF-8 text: convert the file, for example with iconv -t UTF-8')
}
