/** What a verb of the command line is. Verbs know nothing of yargs, of argv, or of exit codes. */

export interface Flag {
  readonly type: 'string' | 'number' | 'boolean'
  readonly describe: string
  readonly alias?: string
  /** May be given several times. */
  readonly array?: true
  readonly default?: string | number | boolean | readonly string[]
  readonly choices?: readonly string[]
}

export interface Positional {
  readonly describe: string
  readonly required?: true
  /** May be given several times. */
  readonly array?: true
  readonly choices?: readonly string[]
  readonly default?: string
}

/** How it ended; the command line turns this into an exit code. */
export type Ending = 'fine' | 'regression' | 'inconclusive' | 'failed' | 'interrupted' | 'terminated'

/** Where a command speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  readonly color: boolean
  readonly isInteractive: boolean
  readonly width: number
  out(text: string): void
  err(text: string): void
  /** Ends the process at once, whatever is under way. */
  exit(ending: Ending): never
}

/** Which part of a config file a command goes by: see `config-file.ts`. */
export type ConfigUse = 'run' | 'replay' | 'check' | 'calibrate'

export type Arguments = Readonly<Record<string, unknown>>

export interface Command {
  readonly name: string
  readonly describe: string
  readonly positionals?: Readonly<Record<string, Positional>>
  readonly flags: Readonly<Record<string, Flag>>
  /** What flags leave open, a config file may say; absent: not to this command. */
  readonly config?: ConfigUse
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  /** Throws `UsageError` for a mistake of the person who called it. */
  run(args: Arguments, terminal: Terminal): Promise<Ending>
}
