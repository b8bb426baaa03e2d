/** The parts of a head that `HttpRequest` and the response share: text cut only when somebody asks for it. */
export class Fields {
  readonly #text: string
  readonly #spans: readonly number[]

  /** `spans` holds four offsets into `text` for each field: name start, name end, value start, value end. */
  constructor(text: string, spans: readonly number[]) {
    this.#text = text
    this.#spans = spans
  }

  get count(): number {
    return this.#spans.length / 4
  }

  /** The first field of that name (given in lower case), or `undefined`. */
  get(lowerCaseName: string): string | undefined {
    const spans = this.#spans
    for (let i = 0; i < spans.length; i += 4) {
      const length = spans[i + 1]! - spans[i]!
      if (length === lowerCaseName.length && this.#cut(i).toLowerCase() === lowerCaseName)
        return this.#cut(i + 2)
    }
    return undefined
  }

  /** Every field in the order it came, names as they were written. */
  entries(): [name: string, value: string][] {
    return Array.from({ length: this.count }, (_, i) => [this.#cut(i * 4), this.#cut(i * 4 + 2)])
  }

  #cut(index: number): string {
    return this.#text.slice(this.#spans[index], this.#spans[index + 1])
  }
}

/** One complete request. */
export interface HttpRequest {
  readonly method: string
  /** As sent: origin, absolute, authority or asterisk form (RFC 9112, 3.2). */
  readonly target: string
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minorVersion: number
  readonly fields: Fields
  /** Decoded from its chunks; empty where there is none. */
  readonly body: Uint8Array
  readonly keepAlive: boolean
}

/** The path of a target, without the query, whichever form the target has. */
export function pathOf(target: string): string {
  const start = target.startsWith('/') ? 0 : afterAuthority(target)
  const query = target.indexOf('?', start)
  const path = target.slice(start, query < 0 ? undefined : query)
  return path === '' ? '/' : path
}

function afterAuthority(target: string): number {
  const authority = target.indexOf('://') + 3
  const offset = target.slice(authority).search(/[/?]/)
  return offset < 0 ? target.length : authority + offset
}
