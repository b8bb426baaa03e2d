import { createHash } from 'node:crypto'
import type { Site } from './control.ts'

/** What is to be fetched. Each pass has paths of its own, so that a server knows which attempt at a page it sees. */
export interface Page {
  readonly site: Site
  readonly path: string
}

export function pathOf(pass: string, site: string, index: number): string {
  return `/${pass}/${site}/${index}`
}

export function pagesOf(pass: string, sites: readonly Site[]): Page[] {
  return sites.flatMap((site) =>
    Array.from({ length: site.pages }, (_, i) => ({ site, path: pathOf(pass, site.name, i) })),
  )
}

/** Says on every line whose page it is: no part of another page, or of this one elsewhere, looks alike. */
export function contentOf(path: string, bytes: number): string {
  let text = ''
  for (let line = 0; text.length < bytes; line++) text += `${path} line ${line}\n`
  return text.slice(0, bytes)
}

export function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
