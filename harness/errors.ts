import type { FindingKind } from './contracts.ts'

/** A mistake of the person who runs the command: shown without a stack trace, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The platform lacks what was asked for (a system call, the FFI): the cell becomes `unavailable`. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}

/** The thing exists but cannot do what was asked of it (select above FD_SETSIZE): the cell becomes `unsupported`. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError'
}

/** A policy broke its contract: the loop stops at once and the cell fails, whatever the scenario does about it. */
export class PolicyFault extends Error {
  override readonly name = 'PolicyFault'
  readonly kind: FindingKind

  constructor(kind: FindingKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** What any thrown value says, in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name
  return String(error)
}
