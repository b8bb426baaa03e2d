/** Documents for places that take only so much: whole lines are left out, and it is said how many. */

const encoder = new TextEncoder()

/** Bytes in UTF-8. Never fewer than the characters, so that a limit on either is kept. */
export function bytesOf(text: string): number {
  return encoder.encode(text).length
}

/** As many of the first lines as fit into so many bytes, ends of line included; `more` names the rest. */
export function fitting(
  lines: readonly string[],
  bytes: number,
  more: (omitted: number) => string,
): string[] {
  const sizes = lines.map((line) => bytesOf(line) + 1)
  if (sizes.reduce((sum, size) => sum + size, 0) <= bytes) return [...lines]
  let room = bytes - bytesOf(more(lines.length)) - 1
  if (room < 0) return []
  const end = sizes.findIndex((size) => {
    room -= size
    return room < 0
  })
  return [...lines.slice(0, end), more(lines.length - end)]
}

/** No name or message fills a document by itself. */
export function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}
