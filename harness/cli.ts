#!/usr/bin/env node
/** The command line: the only place that knows yargs, argv and exit codes. */
import yargs, { type Argv } from 'yargs'
import { hideBin } from 'yargs/helpers'
import { baseline } from './commands/baseline.ts'
import { calibrate } from './commands/calibrate.ts'
import { check } from './commands/check.ts'
import type { Command, Ending, Terminal } from './commands/command.ts'
import { compare } from './commands/compare.ts'
import { flagsOf, withConfig } from './commands/config-file.ts'
import { doctor } from './commands/doctor.ts'
import { list } from './commands/list.ts'
import { merge } from './commands/merge.ts'
import { create } from './commands/new.ts'
import { replay } from './commands/replay.ts'
import { report } from './commands/report.ts'
import { run } from './commands/run.ts'
import { serve } from './commands/serve.ts'
import { messageOf, UsageError } from './errors.ts'
import { didYouMean } from './suggest.ts'
import { VERSION } from './version.ts'

const COMMANDS: readonly Command[] = [
  run,
  replay,
  check,
  baseline,
  compare,
  calibrate,
  report,
  merge,
  list,
  create,
  serve,
  doctor,
]

const USAGE_ERROR = 2
const EXIT_CODES: Record<Ending, number> = {
  fine: 0,
  regression: 1,
  inconclusive: 3,
  failed: 4,
  interrupted: 130,
  terminated: 143,
}

function terminalOf(): Terminal {
  const { stdout, stderr, env } = process
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  return {
    color: forced || (stdout.isTTY === true && !env.NO_COLOR && env.FORCE_COLOR !== '0'),
    isInteractive: stderr.isTTY === true,
    width: Math.max(60, stdout.columns ?? 110),
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    exit: (ending) => process.exit(EXIT_CODES[ending]),
  }
}

function describeCommand(command: Command) {
  const positionals = Object.entries(command.positionals ?? {})
  const words = positionals.map(([name, { required, array }]) => {
    const word = array ? `${name}..` : name
    return required ? `<${word}>` : `[${word}]`
  })
  return {
    command: [command.name, ...words].join(' '),
    describe: command.describe,
    builder: (args: Argv) => {
      for (const [name, { describe, choices, default: fallback }] of positionals) {
        args.positional(name, { type: 'string', describe, choices, default: fallback })
      }
      for (const [name, { default: fallback, ...flag }] of Object.entries(flagsOf(command))) {
        args.option(name, {
          ...flag,
          // Shown only: what is given must stay apart from what is not, for a config file goes between the two.
          defaultDescription: fallback === undefined ? undefined : JSON.stringify(fallback),
          requiresArg: flag.type !== 'boolean',
          nargs: flag.type === 'boolean' ? undefined : 1,
        })
      }
      for (const [example, meaning] of command.examples) args.example(example, meaning)
      return args
    },
    handler: async (args: Record<string, unknown>) => {
      for (const [name, { array }] of Object.entries(flagsOf(command))) {
        if (!array && Array.isArray(args[name]))
          throw new UsageError(`--${name} was given twice: give it once`)
      }
      const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined))
      const terminal = terminalOf()
      process.exitCode = EXIT_CODES[await command.run(await withConfig(command, given, terminal), terminal)]
    },
  }
}

/** yargs names what is wrong; we add what may have been meant, or how to write it. */
function explain(message: string, verb: string | undefined): string {
  const command = COMMANDS.find((each) => each.name === verb)
  if (command === undefined) {
    if (verb === undefined || verb.startsWith('-')) return message
    const names = COMMANDS.map((each) => each.name)
    return `Unknown command '${verb}'${didYouMean(verb, names)}: there are ${names.join(', ')}`
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return `'${verb}' needs more: write loopdyno ${describeCommand(command).command}`
  }
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(message)
  return unknown === null ? message : message + didYouMean(unknown[1]!, Object.keys(flagsOf(command)))
}

async function main(argv: string[]): Promise<void> {
  const parser = yargs(argv)
    .scriptName('loopdyno')
    .usage('$0 COMMAND\n\nA testbench for event-loop policies: who runs next, and how the loop waits.')
    .version(VERSION)
    .strict()
    .demandCommand(1, 'Give a command: loopdyno run compares policies; loopdyno --help lists all commands')
    .parserConfiguration({
      'dot-notation': false,
      'parse-positional-numbers': false,
      'duplicate-arguments-array': true,
    })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      // yargs' own errors are mistakes of the person; all others come from a command.
      const isMistake = error === undefined || error === null || error.name === 'YError'
      throw isMistake ? new UsageError(explain(message ?? error.message, argv[0])) : error
    })
  for (const command of COMMANDS) parser.command(describeCommand(command))
  await parser.parseAsync()
}

// Whoever read us has heard enough (`| head`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

try {
  await main(hideBin(process.argv))
} catch (error) {
  const usage = error instanceof UsageError
  process.stderr.write(`loopdyno: ${usage || !(error instanceof Error) ? messageOf(error) : error.stack}\n`)
  process.exitCode = usage ? USAGE_ERROR : EXIT_CODES.failed
}
