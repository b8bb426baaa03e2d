import { loadPlugin } from '../catalog.ts'
import type { Address, SelectorName } from '../contracts.ts'
import { messageOf, UnavailableError, UnsupportedError, UsageError } from '../errors.ts'
import { planCells } from '../measure/plan.ts'
import type { Rendezvous } from '../measure/round.ts'
import { runReal } from '../measure/round.ts'
import { preparePolicy } from '../policy-parts.ts'
import type { Arguments, Command, Ending, Terminal } from './command.ts'
import { MATRIX_FLAGS, readMatrix } from './matrix-flags.ts'
import { wholeNumber } from './whole-number.ts'

/** How long connections may take to end in order after a signal. */
const GRACE_MS = 1000

export const serve: Command = {
  name: 'serve',
  describe: "Hold a scenario's server open for real clients, until SIGINT",
  positionals: { scenario: { describe: 'The scenario: a name or a path', required: true } },
  flags: {
    policy: {
      type: 'string',
      alias: 'p',
      describe: 'The policy to serve under, with its options',
      default: 'fifo',
    },
    selector: { ...MATRIX_FLAGS.selector!, array: undefined, describe: 'How the loop waits' },
    set: MATRIX_FLAGS.set!,
    host: { type: 'string', describe: 'The address to listen on', default: '127.0.0.1' },
    port: { type: 'number', describe: 'The port; 0: any free one', default: 8080 },
    seed: { type: 'number', describe: 'Seed of all randomness', default: 1 },
  },
  examples: [
    [
      '$0 serve http-server --policy priority --selector epoll --port 8080',
      'then: curl localhost:8080/health',
    ],
  ],
  run: execute,
}

async function execute(args: Arguments, terminal: Terminal): Promise<Ending> {
  const matrix = await readMatrix({ ...args, time: 'real' })
  const [planned, another] = planCells(matrix)
  if (another !== undefined) throw new UsageError('serve takes one policy and one selector')
  const { scenario } = planned!
  if (scenario.scenario.serve === undefined) {
    throw new UsageError(`Scenario '${scenario.scenario.name}' has no server to hold open`)
  }
  const ending = new EndingSignal(terminal)
  const input = {
    policy: planned!.policy,
    plain: await preparePolicy('fifo'),
    scenario: await loadPlugin('scenario', scenario.text),
    params: planned!.cell.params,
    selector: planned!.cell.selector as SelectorName,
    seed: wholeNumber(args.seed, 'seed', 0, 2 ** 31 - 1),
  }
  try {
    const outcome = await runReal(
      input,
      'serve',
      meeting(addressOf(args), ending, planned!.cell.selector, terminal),
    )
    for (const { message } of outcome.findings) terminal.err(`loopdyno: ${message}\n`)
    return ending.ending ?? 'failed'
  } catch (error) {
    if (error instanceof UnavailableError || error instanceof UnsupportedError)
      throw new UsageError(messageOf(error))
    throw error
  }
}

function addressOf(args: Arguments): Address {
  const port = Number(args.port)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return { host: String(args.host), port }
  throw new UsageError(`--port takes a number from 0 to 65535, not '${args.port}'`)
}

function meeting(address: Address, ending: EndingSignal, selector: string, terminal: Terminal): Rendezvous {
  return {
    address,
    ready: (bound) => {
      if ('port' in bound)
        terminal.out(`Listening on http://${bound.host}:${bound.port} (${selector}); end with Ctrl-C\n`)
    },
    onWindow: () => {},
    onDriversWindow: () => {},
    onLoadFinished: (callback) => ending.onSignal(callback),
  }
}

/** SIGINT and SIGTERM end the server in order; a second one, or a connection that will not end, at once. */
class EndingSignal {
  ending: Ending | undefined
  #callback = () => {}
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    process.on('SIGINT', () => this.#arrived('interrupted'))
    process.on('SIGTERM', () => this.#arrived('terminated'))
  }

  onSignal(callback: () => void): void {
    this.#callback = callback
  }

  #arrived(ending: Ending): void {
    if (this.ending !== undefined) this.#terminal.exit(ending)
    this.ending = ending
    this.#terminal.err('\nClosing\n')
    setTimeout(() => this.#terminal.exit(ending), GRACE_MS).unref()
    this.#callback()
  }
}
