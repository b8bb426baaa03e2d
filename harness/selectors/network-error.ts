import { getSystemErrorMap } from 'node:util'
import type { Address, NetworkError } from '../contracts.ts'

/** A failed network call. */
export class NetworkFailure extends Error implements NetworkError {
  override readonly name = 'NetworkError'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** From an errno, e.g. "Cannot listen on 127.0.0.1:80: permission denied (EACCES)". */
export function networkError(errno: number, what: string): NetworkFailure {
  const [code, reason] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error']
  return new NetworkFailure(code, `${what}: ${reason} (${code})`)
}

/** An address for people. */
export function formatAddress(address: Address): string {
  if ('path' in address) return address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}
