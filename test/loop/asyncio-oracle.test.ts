/**
 * The same program in Python and here, compared line by line: CPython's asyncio says what is right. Skipped where
 * there is no Python of 3.11 or later; `LOOPDYNO_PYTHON` names another.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { CANCEL_PROGRAMS } from './asyncio-cancel-programs.ts'
import { GATHER_PROGRAMS } from './asyncio-gather-programs.ts'
import { TASK_PROGRAMS } from './asyncio-programs.ts'
import { SYNC_PROGRAMS } from './asyncio-sync-programs.ts'
import { Bench } from './bench.ts'
import { findPython, OLDEST } from './pythons.ts'

const PROGRAMS = [...TASK_PROGRAMS, ...CANCEL_PROGRAMS, ...GATHER_PROGRAMS, ...SYNC_PROGRAMS]

const python = findPython()
const minor = python?.minor ?? 0

/** Runs every program in one interpreter: its start costs more than all of them. */
function runPython(): Record<string, string[]> {
  const bodies = PROGRAMS.map(({ python: source }) => indent(source))
  const functions = bodies.map((body, i) => `async def program${i}(log):\n${body}`)
  const table = PROGRAMS.map(({ name }, i) => `${JSON.stringify(name)}: program${i}`).join(', ')
  const script = `${PRELUDE}\n${functions.join('\n')}\nrun({${table}})\n`
  // So that Python finds asyncio_virtual.py.
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  return JSON.parse(execFileSync(python!.command, ['-'], { input: script, encoding: 'utf8', cwd }))
}

function indent(source: string): string {
  const lines = source.split('\n').filter((line) => line.trim() !== '')
  const margin = Math.min(...lines.map((line) => line.length - line.trimStart().length))
  return lines.map((line) => `    ${line.slice(margin)}`).join('\n')
}

const PRELUDE = `
import asyncio, json
from asyncio import CancelledError
from asyncio_virtual import VirtualLoop

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
