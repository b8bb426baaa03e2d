/** Where and when a run was made: what a reader needs to judge it, and to repeat it. */
import { formatValue } from '../../harness/format.ts'
import type { Environment, RunHeader } from '../../harness/records.ts'

/** Label and value, in the order to be read. */
export function environmentOf({
  environment,
  startedAt,
  seed,
  rounds,
  worldText,
}: RunHeader): [string, string][] {
  return [
    ['started', startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')],
    ...machineOf(environment),
    ['seed', String(seed)],
    ['rounds a cell', String(rounds)],
    ['simulated world', worldText ?? 'the default one'],
  ]
}

/** What it ran on. */
export function machineOf(environment: Environment): [string, string][] {
  const { loopdyno, node, platform, arch, kernel, cpu, cores, memoryBytes, loadAverage } = environment
  return [
    ['loopdyno', loopdyno],
    ['Node.js', node],
    ['system', `${platform} ${arch}, kernel ${kernel}`],
    ['processor', `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}`],
    ['memory', formatValue(memoryBytes, 'bytes')],
    ['load average at start', loadAverage.toFixed(2)],
  ]
}

/** The command line that made the run, where it was recorded. */
export function commandOf(header: RunHeader & { readonly command?: string }): string | undefined {
  return header.command
}

export const REPRODUCE =
  'Virtual results repeat exactly: the same seed and world give the same digest on every machine. ' +
  'Real results depend on the machine and on what else it does.'

/** Words of the report, for those who meet them first. */
export const GLOSSARY: readonly (readonly [string, string])[] = [
  ['latency', 'from the intended arrival of a request to its reply, so that a late sender hides nothing'],
  ['wait', 'from the moment a callback is ready until it runs: what the policy decides'],
  ['sojourn', 'from arrival to done, over all classes'],
  ['sojourn.ci99', 'half the width of the 99 % confidence interval of the mean, as a share of the mean'],
  ['theory.error', 'the simulated mean by the one of queueing theory, less 1: 0.01 is 1 % too much'],
  ['throughput', 'units of work done a second, in the measured window'],
  ['cpu.perOp', 'processor time of the loop for one unit of work'],
  ['p50, p99', 'the value that half, or 99 of 100, do not exceed'],
  ['virtual time', 'a simulation: exact and repeatable; never averaged or compared with real time'],
]
