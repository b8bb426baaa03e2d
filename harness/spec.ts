/** Plug-ins as the command line names them: `NAME[:option=value[,option=value]]`, a path in place of a name. */
import { UsageError } from './errors.ts'

export interface PluginSpec {
  /** As the user wrote it: the label in reports. */
  readonly text: string
  /** A built-in's name or a file's path. */
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

const OPTION = /^[A-Za-z][\w-]*=/

/**
 * Splits `fifo,priority:aging=50ms,batch=1,timing` at the commas that separate policies: a piece that begins with
 * `option=` belongs to the policy before it.
 */
export function splitSpecs(texts: readonly string[]): string[] {
  return texts.flatMap(splitOne)
}

function splitOne(text: string): string[] {
  const specs: string[] = []
  for (const piece of text.split(',').map((each) => each.trim())) {
    if (OPTION.test(piece) && specs.at(-1)?.includes(':')) specs.push(`${specs.pop()},${piece}`)
    else if (piece !== '') specs.push(piece)
  }
  return specs
}

/** Throws `UsageError`. */
export function parseSpec(text: string): PluginSpec {
  const colon = optionsStart(text)
  if (colon < 0) return { text, name: text, options: {} }
  const options = new Map<string, string>()
  for (const piece of text.slice(colon + 1).split(',')) {
    const equals = piece.indexOf('=')
    if (equals <= 0)
      throw new UsageError(`Option '${piece}' of '${text}' needs a value: write ${piece || 'name'}=VALUE`)
    const name = piece.slice(0, equals)
    if (options.has(name)) throw new UsageError(`Option '${name}' of '${text}' is given twice: keep one`)
    options.set(name, piece.slice(equals + 1))
  }
  return { text, name: text.slice(0, colon), options: Object.fromEntries(options) }
}

/** The colon before the first option, not one inside a path (`C:\policy.ts`). */
function optionsStart(text: string): number {
  const match = /:(?=[A-Za-z][\w-]*=|$)/.exec(text) ?? /(?<=^[a-z][\w-]*):(?![\\/])/.exec(text)
  return match === null ? -1 : match.index
}

/** Names of built-ins have no separators and no extension: everything else is a path. */
export function isPath(name: string): boolean {
  return /[\\/]/.test(name) || /\.[cm]?[jt]s$/.test(name)
}
