import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loopdyno } from './cli.ts'
import { temporaryFolder } from './folders.ts'

const folder = temporaryFolder()

/** Policy files with one fault each. They are written here because they would not pass the repository's own checks. */
const FILES: Record<string, string> = {
  'unparsable.ts': 'export default {{',
  'no-default.ts': "export const policy = { name: 'a' }",
  'throws.ts': "throw new Error('thrown while loading')",
  'no-queue.ts': "export default { name: 'a', summary: 'b' }",
  'bad-name.ts': "export default { name: 'Not Kebab', summary: 'b', createQueue() {} }",
  'bad-options.ts': "export default { name: 'a', summary: 'b', options: { batch: 1 }, createQueue() {} }",
  'no-params.ts': "export default { name: 'a', summary: 'b', classes: {}, time: ['real'], async main() {} }",
  'a-file': 'not a folder',
}

/** The command line, and what its message must name: the fault and the remedy. */
type Case = readonly [command: string, ...names: string[]]

const CASES: Record<string, readonly Case[]> = {
  'what is not there': [
    ['run -p fifp', "policy 'fifp'", "did you mean 'fifo'?", 'priority', './my-policy.ts'],
    ['run -s pipelin', "scenario 'pipelin'", "did you mean 'pipeline'?", 'gather'],
    ['run --selector epol', "selector 'epol'", "did you mean 'epoll'?", 'libuv'],
    ['run --time vrtual', "time 'vrtual'", "did you mean 'virtual'?"],
    ['run --ronds 2', 'ronds', "did you mean 'rounds'?"],
    ['rn -p fifo', "command 'rn'", "did you mean 'run'?", 'report'],
    ['', 'Give a command', 'loopdyno --help'],
    ['report nowhere', 'nowhere', 'records.jsonl'],
    ['run --resume --out empty', 'records.jsonl', "'empty'"],
    ['serve htp-server', "'htp-server'", "did you mean 'http-server'?"],
  ],
  'options and parameters': [
    ['run -p priority:agin=5ms', "'priority'", "'agin'", "did you mean 'aging'?"],
    ['run -p fifo:batch=0', "'fifo'", "'batch'", "'0'", '>=1'],
    ['run -p fifo:batch', "'batch'", 'batch=VALUE'],
    ['run -s pipeline --set itms=3', "'itms'", 'pipeline', "did you mean 'items'?"],
    ['run -s pipeline --set items=0', "'items'", "'0'", '>=1'],
    ['run -s pipeline --set items', "'items'", 'key=value'],
    ['run -s pipeline --set gather.tasks=3', 'gather', 'not among the scenarios'],
  ],
  'flags of the run': [
    ['run --rounds 0', '--rounds', "'0'", '1 to'],
    ['run --seed 1 --seed 2', '--seed', 'given twice'],
    ['run --rounds', 'rounds'],
    ['run surplus', 'surplus'],
    ['serve http-server --port 99999', '--port', "'99999'", '65535'],
    ['serve gather', "'gather'", 'no server'],
    ['run -s gather --time real --fidelity', '--fidelity', 'real alone', '--time real,virtual'],
    ['run -s gather --time real --world latency=1ms', '--world', '--time virtual'],
    ['run -s gather --time virtual --poll-ns soon', '--poll-ns', "'soon'", 'measured'],
    ['new policy', 'name'],
    ['new polcy x', 'polcy', 'policy'],
    ['list polices', 'polices', 'policies'],
  ],
  "a user's files": [
    ['run -p ./missing.ts', "'./missing.ts'", 'does not exist', 'looked for /'],
    ['run -p ./unparsable.ts', "'./unparsable.ts'", 'cannot be loaded', ':1:'],
    ['run -p ./throws.ts', "'./throws.ts'", 'cannot be loaded', 'thrown while loading'],
    ['run -p ./no-default.ts', "'./no-default.ts'", 'no default export', 'export default definePolicy'],
    ['run -p ./no-queue.ts', "'./no-queue.ts'", "'createQueue'"],
    ['run -p ./bad-name.ts', "'./bad-name.ts'", 'kebab-case', 'Not Kebab'],
    ['run -p ./bad-options.ts', "'./bad-options.ts'", "'options'", 'z.object'],
    ['run -s ./no-params.ts', "'./no-params.ts'", "'params'", 'z.object'],
  ],
  'a folder that cannot be written': [
    ['run --out a-file', "'a-file'", '--out'],
    ['run --out /proc/loopdyno', "'/proc/loopdyno'", '--out'],
    ['new policy fresh --dir missing', 'missing', 'fresh.ts'],
  ],
}

for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
mkdirSync(join(folder, 'empty'))

function written(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}

const BEFORE = written()

describe.each(Object.entries(CASES))('bad input: %s', (_what, cases) => {
  test.concurrent.each(cases)('loopdyno %s', async (command, ...names) => {
    const { code, stdout, stderr } = await loopdyno(
      command.split(' ').filter((word) => word !== ''),
      { cwd: folder },
    )
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect([code, stdout]).toEqual([2, ''])
    for (const name of names) expect(stderr).toContain(name)
    // One message: a line for each fault, none of them about the program itself.
    expect(stderr).toMatch(/^loopdyno: \S.*\n/)
    expect(stderr.trim().split('\n').length).toBeLessThan(4)
    expect(written()).toEqual(BEFORE)
  })
})
