import { Event, type Loop } from '../../harness/api.ts'
import type { PageResult } from './control.ts'
import type { Page } from './pages.ts'

export interface Bounds {
  /** Pages at once. */
  readonly concurrency: number
  /** Pages at once from any one server. */
  readonly perSite: number
}

/** The pages that are still to be fetched. */
class Frontier {
  readonly #pages: Page[]
  readonly #perSite: number
  readonly #busy = new Map<string, number>()
  readonly #released: Event

  constructor(loop: Loop, pages: readonly Page[], perSite: number) {
    this.#pages = [...pages]
    this.#perSite = perSite
    this.#released = new Event(loop)
  }

  /** The next page whose server may be asked, `undefined` when none is left. */
  async take(): Promise<Page | undefined> {
    while (this.#pages.length > 0) {
      const next = this.#pages.findIndex(({ site }) => this.#busyAt(site.name) < this.#perSite)
      if (next >= 0) {
        const [page] = this.#pages.splice(next, 1)
        this.#busy.set(page!.site.name, this.#busyAt(page!.site.name) + 1)
        return page
      }
      await this.#released.wait()
    }
    return undefined
  }

  release({ site }: Page): void {
    this.#busy.set(site.name, this.#busyAt(site.name) - 1)
    this.#released.set()
    this.#released.clear()
  }

  #busyAt(name: string): number {
    return this.#busy.get(name) ?? 0
  }
}

/** Fetches all pages, in this order as far as the bounds allow. A page keeps its place through all of its retries. */
export async function crawl(
  loop: Loop,
  pages: readonly Page[],
  { concurrency, perSite }: Bounds,
  fetch: (page: Page) => Promise<PageResult>,
): Promise<PageResult[]> {
  const frontier = new Frontier(loop, pages, perSite)
  const results: PageResult[] = []
  const worker = async () => {
    for (let page = await frontier.take(); page !== undefined; page = await frontier.take()) {
      results.push(await fetch(page))
      frontier.release(page)
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, pages.length) }, () =>
    loop.spawn(worker, { className: 'fetch', name: 'fetch' }),
  )
  await loop.gather(workers)
  return results
}
