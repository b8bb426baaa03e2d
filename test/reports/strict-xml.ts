/** A parser of XML 1.0 without DTDs that forgives nothing: for machines without libxml2, and to look into documents. */

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

/** What the standard (2.2) has as a character. */
const INVALID = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const PROLOG = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/
const TOKEN = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[A-Za-z_][\w.-]*="[^"<]*")*)\s*(\/?)>|[^<]+/y
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*)="([^"<]*)"/g

/** The root. Throws where the document is not well-formed. */
export function parseXml(source: string): Element {
  const invalid = INVALID.exec(source)
  if (invalid !== null) throw new Error(`Character ${invalid[0].codePointAt(0)?.toString(16)} is not XML`)
  if (!PROLOG.test(source)) throw new Error('The document does not begin with its declaration')
  const rest = source.replace(PROLOG, '')
  const document: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [document]
  let at = 0
  while (at < rest.length) {
    TOKEN.lastIndex = at
    const token = TOKEN.exec(rest)
    if (token === null) throw new Error(`Not well-formed at: ${rest.slice(at, at + 80)}`)
    at = TOKEN.lastIndex
    take(token, open)
  }
  if (open.length !== 1) throw new Error(`Not closed: ${open.at(-1)?.name}`)
  if (document.children.length !== 1 || document.text.trim() !== '') throw new Error('There is not one root')
  return document.children[0]!
}

function take([whole, closing, name, attributes, alone]: RegExpExecArray, open: Element[]): void {
  if (name === undefined) {
    open.at(-1)!.text += unescaped(whole)
  } else if (closing === '/') {
    const closed = open.pop()
    if (closed?.name !== name || attributes !== '' || open.length === 0)
      throw new Error(`Closes nothing: ${whole}`)
  } else {
    const element: Element = { name, attributes: attributesOf(attributes ?? ''), children: [], text: '' }
    open.at(-1)!.children.push(element)
    if (alone !== '/') open.push(element)
  }
}

function attributesOf(source: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', value = ''] of source.matchAll(ATTRIBUTE)) {
    if (name in attributes) throw new Error(`Twice: ${name}`)
    attributes[name] = unescaped(value)
  }
  return attributes
}

function unescaped(text: string): string {
  if (text.includes(']]>')) throw new Error('"]]>" may not stand in text')
  return text.replace(/&([^;]{0,10};?)/g, (_, reference: string) => {
    const name = reference.slice(0, -1)
    const known = reference.endsWith(';') ? (NAMED[name] ?? numbered(name)) : undefined
    if (known === undefined) throw new Error(`Not a reference: &${reference}`)
    return known
  })
}

function numbered(name: string): string | undefined {
  const code = /^#\d+$/.test(name) ? Number(name.slice(1)) : Number.NaN
  const character = Number.isNaN(code) ? '\0' : String.fromCodePoint(code)
  return INVALID.test(character) ? undefined : character
}
