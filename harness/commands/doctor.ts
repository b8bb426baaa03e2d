import { existsSync, readFileSync } from 'node:fs'
import pc from 'picocolors'
import { readEnvironment } from '../environment.ts'
import { messageOf } from '../errors.ts'
import { RealClock } from '../loop/clock.ts'
import { findLibuv } from '../loop/drivers/node-guest.ts'
import { canDrainMicrotasks } from '../loop/microtasks.ts'
import { measureCosts } from '../measure/machine-costs.ts'
import { createSelector, defaultSelector, REAL_SELECTORS } from '../selectors/registry.ts'
import { descriptorLimit } from '../selectors/syscalls.ts'
import type { Command } from './command.ts'

interface Check {
  readonly what: string
  readonly state: 'ok' | 'note' | 'missing'
  readonly detail: string
}

const GOVERNOR = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'

export const doctor: Command = {
  name: 'doctor',
  describe: 'What works on this machine, and what disturbs measurements',
  flags: { json: { type: 'boolean', describe: 'As JSON', default: false } },
  examples: [['$0 doctor', 'selectors, FFI, limits, load']],
  async run(args, terminal) {
    const checks = [
      ...runtimeChecks(),
      await microtaskCheck(),
      ...selectorChecks(),
      ...machineChecks(),
      await costCheck(),
    ]
    if (args.json) terminal.out(`${JSON.stringify({ environment: readEnvironment(), checks }, null, 2)}\n`)
    else {
      const colors = pc.createColors(terminal.color)
      const marks = {
        ok: colors.green('ok     '),
        note: colors.yellow('note   '),
        missing: colors.red('missing'),
      }
      for (const { what, state, detail } of checks)
        terminal.out(`${marks[state]} ${what.padEnd(20)} ${detail}\n`)
    }
    return 'fine'
  },
}

function runtimeChecks(): Check[] {
  const environment = readEnvironment()
  const libuv = findLibuv()
  return [
    { what: 'loopdyno', state: 'ok', detail: `${environment.loopdyno} on Node ${environment.node}` },
    {
      what: 'platform',
      state: 'ok',
      detail: `${environment.platform} ${environment.kernel}, ${environment.arch}`,
    },
    libuv === undefined
      ? {
          what: 'Node as a guest',
          state: 'note',
          detail: 'libuv cannot be asked: Node gets a turn every 5 ms',
        }
      : { what: 'Node as a guest', state: 'ok', detail: 'libuv wakes our loops through its own descriptor' },
  ]
}

/** Asked where loops ask it: inside an immediate. */
function microtaskCheck(): Promise<Check> {
  return new Promise((resolve) => {
    setImmediate(() => {
      const works = canDrainMicrotasks()
      const detail = works
        ? 'drained inside each handle'
        : 'cannot be drained: loops of ours cannot run on this Node'
      resolve({ what: 'microtasks', state: works ? 'ok' : 'missing', detail })
    })
  })
}

/** What `--dispatch-ns measured --poll-ns measured` would charge. */
async function costCheck(): Promise<Check> {
  const { dispatchNs, pollNs } = await measureCosts()
  const detail = `${dispatchNs} ns to run a handle, ${pollNs} ns to look at I/O (${defaultSelector()})`
  return { what: 'costs of a loop', state: 'ok', detail }
}

function selectorChecks(): Check[] {
  return REAL_SELECTORS.map((name) => {
    try {
      const selector = createSelector(name, new RealClock())
      const maxFd = (selector as { maxFd?: number }).maxFd
      selector.close()
      const detail = maxFd !== undefined && maxFd < 2 ** 30 ? `watches descriptors up to ${maxFd}` : 'works'
      return { what: `selector ${name}`, state: 'ok', detail }
    } catch (error) {
      return { what: `selector ${name}`, state: 'missing', detail: messageOf(error) }
    }
  })
}

function machineChecks(): Check[] {
  const { cores, cpu, loadAverage } = readEnvironment()
  const busy = loadAverage > cores / 4
  return [
    { what: 'cores', state: cores < 2 ? 'note' : 'ok', detail: `${cores} × ${cpu}` },
    {
      what: 'load',
      state: busy ? 'note' : 'ok',
      detail: `${loadAverage.toFixed(2)}${busy ? ': others use this machine, real-time figures will be noisy' : ''}`,
    },
    governorCheck(),
    descriptorCheck(),
  ]
}

function governorCheck(): Check {
  if (!existsSync(GOVERNOR))
    return { what: 'frequency governor', state: 'note', detail: 'not told by this machine' }
  const governor = readFileSync(GOVERNOR, 'utf8').trim()
  const steady = governor === 'performance'
  return {
    what: 'frequency governor',
    state: steady ? 'ok' : 'note',
    detail: steady ? governor : `${governor}: the clock rate will vary`,
  }
}

function descriptorCheck(): Check {
  try {
    const limit = descriptorLimit()
    return {
      what: 'descriptors',
      state: limit < 4096 ? 'note' : 'ok',
      detail: `at most ${limit} in one process`,
    }
  } catch (error) {
    return { what: 'descriptors', state: 'missing', detail: messageOf(error) }
  }
}
