/**
 * Random programs under CPython's asyncio and under our `fifo`: every log line must be equal. Skipped where there is no
 * Python of 3.11 or later; `LOOPDYNO_PYTHON` names another. The long run is `differential/run.ts`.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Future } from '../../harness/loop/future.ts'
import { Loop } from '../../harness/loop/loop.ts'
import { runCampaign } from './differential/campaign.ts'
import { generateProgram } from './differential/generate.ts'
import { statementsOf } from './differential/program.ts'
import { pythonSource } from './differential/python-source.ts'
import { describeDifference, pythonScript, typescriptScript } from './differential/report.ts'
import { perform, type Sabotage } from './differential/stage.ts'
import { typescriptSource } from './differential/typescript-source.ts'
import { findPython } from './pythons.ts'

const python = findPython()
const title = python === undefined ? 'skipped: no python3 of 3.11 or later' : `Python 3.${python.minor}`

const sleepDoesNotGiveWay: Sabotage = (loop) => {
  const done = loop.createFuture()
  done.setResult()
  loop.sleep = (ns) => (ns > 0 ? Loop.prototype.sleep.call(loop, ns) : done)
}

const doneCallbacksRunAtOnce: Sabotage = (loop) => {
  loop.createFuture = <T>(): Future<T> => {
    const future = Loop.prototype.createFuture.call(loop) as Future<T>
    const callbacks: ((done: Future<T>) => void)[] = []
    future.addDoneCallback = (callback) => callbacks.push(callback)
    const complete = (state: number, outcome: unknown) => {
      Object.getPrototypeOf(future).complete.call(future, state, outcome)
      for (const callback of callbacks) callback(future)
    }
    return Object.assign(future, { complete })
  }
}

describe.skipIf(python === undefined)(`random programs, as CPython's asyncio runs them (${title})`, () => {
  it('give the same logs', async () => {
    const result = await runCampaign({ python: python!, programs: 300, seed: 1 })
    expect(result.mismatches.map(describeDifference)).toEqual([])
    expect(result.programs).toBe(300)
    expect(result.tied).toBeLessThan(30)
    expect(result.handles).toBeGreaterThan(3000)
  }, 60_000)

  it.each([
    ['sleep(0) that does not give way', sleepDoesNotGiveWay],
    ['done-callbacks that run at once', doneCallbacksRunAtOnce],
  ])(
    'find %s, and make the program small',
    async (_, sabotage) => {
      const { mismatches } = await runCampaign({ python: python!, programs: 300, seed: 1, sabotage })
      expect(mismatches).toHaveLength(1)
      const { program, differsAt } = mismatches[0]!
      expect(differsAt).toBeDefined()
      expect(statementsOf(program.body).length).toBeLessThanOrEqual(10)
    },
    60_000,
  )

  it('are printed as scripts that run by themselves and log the same', async () => {
    const program = generateProgram(7, python!.minor)
    const { lines } = await perform(typescriptSource(program))
    const folder = mkdtempSync(join(tmpdir(), 'loopdyno-'))
    try {
      const [py, ts] = [join(folder, 'program.py'), join(folder, 'program.ts')]
      writeFileSync(py, pythonScript(pythonSource(program)))
      writeFileSync(ts, typescriptScript(typescriptSource(program)))
      const printed = [
        linesOf(python!.command, py),
        linesOf(process.execPath, '--import', 'jiti/register', ts),
      ]
      expect(await Promise.all(printed)).toEqual([lines, lines])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

it('the same seed gives the same program', () => {
  expect(generateProgram(42, 13)).toEqual(generateProgram(42, 13))
  expect(generateProgram(42, 13)).not.toEqual(generateProgram(43, 13))
})

async function linesOf(command: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(command, args)
  return stdout.trim().split('\n')
}
