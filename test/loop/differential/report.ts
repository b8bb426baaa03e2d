/** A program that differs, in words: both sources, ready to run, both logs, and where they part. */
import { fileURLToPath } from 'node:url'
import type { Compared } from './compare.ts'
import { pythonSource } from './python-source.ts'
import { typescriptSource } from './typescript-source.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** A script: `python3 FILE`. */
export function pythonScript(source: string): string {
  const head = [
    'import sys',
    `sys.path.insert(0, '${HERE}')`,
    'import stage',
    'globals().update(stage.names())',
  ]
  return `${head.join('\n')}\n\n${source}\nloop.finish()\nprint(*loop.lines, sep='\\n')\n`
}

/** A script: `npx jiti FILE`. */
export function typescriptScript(source: string): string {
  const head = [
    `import { openStage } from '${HERE}stage.ts'`,
    'const { stage, names } = await openStage()',
    'const { loop, log, run, state, live, unfinished, waited, US, Boom, CancelledError } = names',
    'const { Lock, Semaphore, Event, Condition, Queue } = names',
  ]
  return `${head.join('\n')}\n\n${source}\nawait stage.finish()\nconsole.log(stage.lines.join('\\n'))\n`
}

export function describeDifference({ program, ours, theirs, differsAt }: Compared): string {
  const at = differsAt ?? 0
  const log = (lines: readonly string[]) =>
    lines.map((line, i) => `${i === at ? '>' : ' '} ${line}`).join('\n')
  return [
    `seed ${program.seed}: the logs part at line ${at + 1}`,
    `  ours:   ${ours[at] ?? '(ended)'}`,
    `  Python: ${theirs[at] ?? '(ended)'}`,
    '---- Python: python3 FILE',
    pythonScript(pythonSource(program)),
    '---- TypeScript: npx jiti FILE',
    typescriptScript(typescriptSource(program)),
    '---- log: time in µs, turn, handles run, #statement, what happened',
    `ours:\n${log(ours)}`,
    `Python:\n${log(theirs)}`,
  ].join('\n')
}
