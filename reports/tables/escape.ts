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
