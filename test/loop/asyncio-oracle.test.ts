/**
 * The same program in Python and here, compared line by line: CPython's asyncio says what is right. Skipped where
 * there is no Python of 3.11 or later; `LOOPDYNO_PYTHON` names another.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { CANCEL_PROGRAMS } from './asyncio-cancel-programs.ts'
import { TASK_PROGRAMS } from './asyncio-programs.ts'
import { SYNC_PROGRAMS } from './asyncio-sync-programs.ts'
import { Bench } from './bench.ts'

const PROGRAMS = [...TASK_PROGRAMS, ...CANCEL_PROGRAMS, ...SYNC_PROGRAMS]

/** TaskGroup and timeout are from 3.11. */
const OLDEST = 11
const CANDIDATES = process.env.LOOPDYNO_PYTHON?.split(',') ?? ['python3', 'python3.13', 'python3.12']

/** The minor version of a Python 3; 0 where there is none of that name. */
function minorOf(python: string): number {
  const { status, stdout } = spawnSync(python, ['-c', 'import sys; print(sys.version_info.minor)'])
  return status === 0 ? Number(stdout) : 0
}

const python = CANDIDATES.find((name) => minorOf(name) >= OLDEST)
const minor = python === undefined ? 0 : minorOf(python)

/** Runs every program in one interpreter: its start costs more than all of them. */
function runPython(): Record<string, string[]> {
  const bodies = PROGRAMS.map(({ python: source }) => indent(source))
  const functions = bodies.map((body, i) => `async def program${i}(log):\n${body}`)
  const table = PROGRAMS.map(({ name }, i) => `${JSON.stringify(name)}: program${i}`).join(', ')
  const script = `${PRELUDE}\n${functions.join('\n')}\nrun({${table}})\n`
  return JSON.parse(execFileSync(python!, ['-'], { input: script, encoding: 'utf8' }))
}

function indent(source: string): string {
  const lines = source.split('\n').filter((line) => line.trim() !== '')
  const margin = Math.min(...lines.map((line) => line.length - line.trimStart().length))
  return lines.map((line) => `    ${line.slice(margin)}`).join('\n')
}

const PRELUDE = `
import asyncio, json
from asyncio import CancelledError

class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time moves on when it would sleep: no program depends on how fast the machine is."""
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self._clock_resolution = 1e-9
        look = self._selector.select
        def select(timeout):
            events = look(0)
            if not events and timeout:
                self.now += timeout
            return events
        self._selector.select = select

    def time(self):
        return self.now

async def sleep_ms(ms):
    await asyncio.sleep(ms / 1000)

def run(programs):
    results = {}
    for name, program in programs.items():
        log = []
        loop = VirtualLoop()
        loop.run_until_complete(program(lambda *words: log.append(' '.join(str(word) for word in words))))
        loop.close()
        results[name] = log
    print(json.dumps(results))
`

const title = python === undefined ? 'skipped: no python3 of 3.11 or later' : `Python 3.${minor}`

describe.skipIf(python === undefined)(`as CPython's asyncio does (${title})`, () => {
  const expected = python === undefined ? {} : runPython()

  for (const { name, since = OLDEST, typescript } of PROGRAMS) {
    it.skipIf(minor < since)(name, async () => {
      const bench = new Bench()
      const log: string[] = []
      await bench.run(() => typescript(bench.loop, (...words) => log.push(words.join(' '))))
      expect(log).toEqual(expected[name])
      expect(log.length).toBeGreaterThan(1)
    })
  }
})
