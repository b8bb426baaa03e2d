import { UsageError } from '../errors.ts'
import type { Matrix, PreparedScenario } from '../measure/plan.ts'
import type { Arguments, Command } from './command.ts'
import { executeMatrix, RUN_FLAGS } from './executing.ts'
import { MATRIX_FLAGS, readMatrix } from './matrix-flags.ts'

export const run: Command = {
  name: 'run',
  describe: 'Run scenarios under several policies and compare them',
  config: 'run',
  flags: {
    ...MATRIX_FLAGS,
    ...RUN_FLAGS,
    fidelity: {
      type: 'boolean',
      describe:
        'Real and virtual time side by side, with virtual costs taken from the real rounds: how far apart?',
      default: false,
    },
  },
  examples: [
    ['$0 run', 'compare policies on real I/O, in about a minute'],
    ['$0 run -p fifo,priority:aging=50ms -s http-server --set load=0.9', 'two policies near saturation'],
    ['$0 run -p fifo,./my-policy.ts -s pipeline --time virtual', 'your policy, exactly repeatable'],
    [
      '$0 run -p ./my-policy.ts -s gather --time virtual --verify',
      'does it really repeat? If not: where does it part?',
    ],
    ['$0 run -p fifo -s http-server --selector epoll,poll,select,libuv', 'one policy, four ways to wait'],
    [
      '$0 run -p fifo,lifo,sjf -s mm1 --set load=0.9',
      'a queue whose mean is known: simulated against theory',
    ],
    ['$0 run -s http-server --time real,virtual --fidelity', 'how near does virtual time come?'],
  ],
  run: async (args, terminal) => executeMatrix(await matrixOf(args), args, terminal),
}

/** Throws `UsageError`. */
async function matrixOf(args: Arguments): Promise<Matrix> {
  const matrix = await readMatrix(args)
  if (!args.fidelity) return matrix
  if (matrix.times.length === 1)
    throw new UsageError(
      `--fidelity compares real with virtual time, not ${matrix.times[0]} alone: --time real,virtual`,
    )
  const hasBoth = ({ scenario }: PreparedScenario) =>
    scenario.time.includes('real') && scenario.time.includes('virtual')
  const names = matrix.scenarios.map(({ scenario }) => scenario.name).join(', ')
  if (!matrix.scenarios.some(hasBoth))
    throw new UsageError(
      `--fidelity compares real with virtual time, and ${names} has one only: name another`,
    )
  if (matrix.policies.every(({ policy }) => policy.unmanaged))
    throw new UsageError(
      "--fidelity needs a policy with virtual time, and Node's own loop has none: add -p fifo",
    )
  return { ...matrix, times: ['real', 'virtual'] }
}
