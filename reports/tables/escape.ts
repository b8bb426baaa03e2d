/** Names come from users, messages from policies: they are text, in HTML as in Markdown. */

export function escapeHtml(text: string): string {
  const named: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => named[character]!)
}

/** One line of Markdown that shows as the text given, also inside a table's cell. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[&<>]/g, escapeHtml)
    .replace(/[\\`*_{}[\]|#~$]/g, '\\$&')
}

/** One line without what a terminal or a parser would obey: colours, control characters, halves of characters. */
export function oneLine(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal begin with one
      .replace(/\u001b\[[\d;]*[A-Za-z]/g, '')
      .replace(/\s+/g, ' ')
      .replace(/[\p{Cc}\p{Surrogate}\ufffe\uffff]/gu, '')
      .trim()
  )
}

/**
 * For a comment on GitHub or GitLab, where `@name` would call somebody and `#1` link to an issue, also when escaped: an
 * invisible space behind the sign prevents both (as Renovate does it).
 */
export function escapeComment(text: string): string {
  return escapeMarkdown(oneLine(text)).replace(/(@|\\#|!|GH-)(?=\w)/g, '$1&#8203;')
}

/** Text or a value of an attribute in XML 1.0, which has no place for control characters, not even as references. */
export function escapeXml(text: string): string {
  return escapeHtml(oneLine(text))
}
