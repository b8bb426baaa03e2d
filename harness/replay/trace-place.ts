import { UsageError } from '../errors.ts'

const CONTROL = /\p{Cc}/gu

/** Where in a trace its reader is: what its error messages begin with. */
export class Place {
  readonly path: string
  /** The line being read, from 1; 0 before the first. */
  line = 0

  constructor(path: string) {
    this.path = path
  }

  /** What is wrong with the line being read. */
  lineMistake(text: string): UsageError {
    return new UsageError(`${this.path}:${this.line}: ${text}`)
  }

  /** What is wrong with the file as a whole. */
  fileMistake(text: string): UsageError {
    return new UsageError(`${this.path}: ${text}`)
  }
}

/** A piece of a trace in quotes, cut to `lengthMax` characters, safe to print. */
export function excerpt(text: string, lengthMax = 60): string {
  const shown = printable(text.slice(0, lengthMax))
  const cut = text.length > lengthMax || shown.length > lengthMax
  return cut ? `'${shown.slice(0, lengthMax - 1)}…'` : `'${shown}'`
}

/** Escapes control characters, which a terminal would obey. */
export function printable(text: string): string {
  return text.replace(CONTROL, (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
