/** The service that all servers offer: `GET /work?id=N` waits for a backend, computes, and says what came of it. */

/** What a request costs. */
export interface Service {
  readonly waitNs: number
  readonly iterations: number
}

export interface Answer {
  readonly id: number
  /** Of the computation. */
  readonly result: number
  /** `process/thread` that carried it out. */
  readonly place: string
}

/** The number that the request asks for; `undefined` for a request of another kind. */
export function idOf(target: string): number | undefined {
  const match = /^\/work\?id=(\d{1,9})$/.exec(target)
  return match === null ? undefined : Number(match[1])
}

export function targetOf(id: number): string {
  return `/work?id=${id}`
}
