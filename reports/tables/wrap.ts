/** Text on narrow lines: broken where a reader would break it. */

/** Breaks at spaces, but not within `≥ 5 %`; a word longer than the width is broken as a name is. No line for no words. */
export function words(text: string, width: number): string[] {
  const pieces = text.split(/(?<!≥)\s+(?!%)/).flatMap((word) => nameLines(word, width))
  return packed(pieces, width, ' ')
}

/**
 * Breaks a policy's name with its options, or a path: behind `/`, `:` and `,`; what is longer than the width alone, at
 * its dashes and dots; and within a word only where it must.
 */
export function nameLines(name: string, width: number): string[] {
  const parts = name.split(/(?<=[/:,])/).flatMap((part) => {
    if (part.length <= width) return [part]
    return part.split(/(?<=[-=])|(?=[._])/).flatMap((piece) => chunks(piece, width))
  })
  return packed(parts, width, '')
}

/** A name on one line. A path loses its folders first, which tell least; then what is behind the last break. */
export function shortLabel(name: string, width: number): string {
  if (name.length <= width) return name
  const file = name.replace(/^[^:,]*\//, '…/')
  return file.length <= width ? file : cut(file, width)
}

/** As many of the lines as may be, the last one cut where there are more. */
export function firstLines(text: string, width: number, most: number): string[] {
  const lines = words(text, width)
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), cut(`${lines[most - 1]} ${lines[most]}`, width)]
}

/** As many of the parts as fit, with commas; dots for the others. */
export function firstParts(parts: readonly string[], width: number): string {
  const whole = parts.join(', ')
  if (whole.length <= width) return whole
  const fitting = parts.findLastIndex((_, end) => parts.slice(0, end).join(', ').length + 3 <= width)
  return fitting > 0 ? `${parts.slice(0, fitting).join(', ')}, …` : cut(whole, width)
}

/** At the last break that leaves room for the dots, if one is in the latter half. */
function cut(text: string, width: number): string {
  const room = text.slice(0, width)
  const end = Math.max(...[' ', ',', ':', '/', '-'].map((mark) => room.lastIndexOf(mark)))
  return `${text.slice(0, end > width / 2 ? end : width - 1).trimEnd()}…`
}

function packed(pieces: readonly string[], width: number, between: string): string[] {
  const lines: string[] = []
  for (const piece of pieces.filter((piece) => piece !== '')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + between.length + piece.length <= width)
      lines[lines.length - 1] = `${last}${between}${piece}`
    else lines.push(piece)
  }
  return lines
}

function chunks(text: string, width: number): string[] {
  return text.match(new RegExp(`.{1,${width}}`, 'gsu')) ?? []
}
