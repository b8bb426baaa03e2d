/** The page's building blocks. Whatever text goes in is escaped here, once. */
import { escapeHtml } from '../tables/escape.ts'

/** HTML that is safe to put into a page; made by `html` and `raw` only. */
export class Markup {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

type Piece = string | number | Markup | readonly Markup[]

/** Escapes every text that is put in; other markup goes in as it is. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const source = strings.map((part, index) => part + (index < pieces.length ? sourceOf(pieces[index]!) : ''))
  return new Markup(source.join(''))
}

/** Only for what we wrote ourselves. */
export function raw(source: string): Markup {
  return new Markup(source)
}

export const NOTHING = raw('')

function sourceOf(piece: Piece): string {
  if (piece instanceof Markup) return piece.source
  if (Array.isArray(piece)) return piece.map((markup: Markup) => markup.source).join('')
  return escapeHtml(String(piece))
}

export function definitionList(pairs: readonly (readonly [string, string])[]): Markup {
  return html`<dl>${pairs.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl>`
}
