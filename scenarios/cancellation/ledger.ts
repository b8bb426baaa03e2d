/** What was opened and what was closed, of each kind: the two must be equal at the end. */
import type { Context } from './params.ts'

interface Account {
  opened: number
  closed: number
}

export class Ledger {
  readonly #accounts = new Map<string, Account>()

  opened(kind: string): void {
    this.#of(kind).opened++
  }

  closed(kind: string): void {
    this.#of(kind).closed++
  }

  unbalanced(): string[] {
    return [...this.#accounts].flatMap(([kind, { opened, closed }]) =>
      opened === closed ? [] : [`${opened} ${kind} were opened and ${closed} closed`],
    )
  }

  report({ meter, check }: Context): void {
    const left = this.unbalanced()
    check(left.length === 0, left.join('; '))
    meter.table({
      title: 'Opened and closed',
      columns: [{ name: 'what' }, { name: 'opened' }, { name: 'closed' }],
      rows: [...this.#accounts].map(([kind, { opened, closed }]) => [kind, opened, closed]),
    })
  }

  #of(kind: string): Account {
    const account = this.#accounts.get(kind) ?? { opened: 0, closed: 0 }
    this.#accounts.set(kind, account)
    return account
  }
}
