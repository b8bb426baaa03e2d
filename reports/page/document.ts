/** A page around its body: one file, without scripts or requests. */
import { html, type Markup, raw } from './elements.ts'

export function documentOf(title: string, body: Markup, stylesheet: string): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(stylesheet)}</style>
</head>
<body>
${body}
</body>
</html>
`
}
