/** What tests of comparisons have in common. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type CheckReport, checkSchema } from '../../harness/verdict/check-report.ts'
import { Invocation, type InvocationOptions, loopdyno, type Result } from './cli.ts'
import { recordsText } from './folders.ts'

function policy(queue: string): string {
  return `import { Deque, definePolicy } from 'loopdyno'
export default definePolicy({ name: 'mine', summary: 'For tests', createQueue: () => ${queue} })
`
}

/** First come, first served. */
export const FIFO = policy('new Deque()')
/** The same in a file of other contents. */
export const ALSO_FIFO = `${FIFO}// as before\n`
/** Last come, first served: other behaviour from the first moment on. */
export const LIFO = policy(`lifo()`).concat(`function lifo() {
  const held = []
  return { get size() { return held.length }, push: (handle) => void held.push(handle), shift: () => held.pop() }
}
`)
export const BROKEN = policy(
  "({ size: 1, push() {}, shift() { throw new Error('the shift of this policy is broken') } })",
)

/** Over in milliseconds. */
export const SMALL = '-s pipeline --set items=60'
/** Real rounds of a tenth of a second: too short to tell anything but what is very slow. */
export const BRIEF = '--time real --warmup-ms 20 --window-ms 50'

export function words(command: string): string[] {
  return command.split(' ').filter((word) => word !== '')
}

export function run(command: string, options?: InvocationOptions): Promise<Result> {
  return loopdyno(words(command), options)
}

export function readCheck(directory: string): CheckReport {
  return checkSchema.parse(JSON.parse(readFileSync(join(directory, 'check.json'), 'utf8')))
}

export function writePolicy(folder: string, text: string): void {
  writeFileSync(join(folder, 'mine.ts'), text)
}

/** Every file below a folder that is not git's, with its bytes. */
export function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  const paths = names.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return Object.fromEntries(
    paths.filter((path) => !path.includes('/.git/')).map((path) => [path, readFileSync(path, 'base64')]),
  )
}

/** Starts a check, interrupts it when rounds are recorded, and sees that what there is so far is whole. */
export async function interrupted(
  command: string,
  { cwd, out, temp }: { readonly cwd: string; readonly out: string; readonly temp: string },
): Promise<CheckReport> {
  const directory = join(cwd, out)
  const check = new Invocation(words(`${command} --out ${out}`), { cwd, env: { TMPDIR: temp } })
  const lines = () =>
    existsSync(join(directory, 'records.jsonl')) ? recordsText(directory).split('\n').length - 1 : 0
  await check.until('rounds were recorded', () => lines() >= 5)
  await check.until('a round ran', () => check.children().length >= 1)
  check.signal('SIGINT')
  const { code, stderr } = await check.ended
  expect([code, stderr]).toEqual([130, expect.stringContaining(`Stopped: what there is so far is in ${out}`)])
  await check.gone()
  expect(existsSync(join(directory, '.loopdyno.lock'))).toBe(false)
  expect(readdirSync(temp).filter((name) => name.startsWith('loopdyno-'))).toEqual([])
  expect(readFileSync(join(directory, 'check.md'), 'utf8')).toContain('Stopped early')
  const report = readCheck(directory)
  expect([report.complete, report.headline]).toEqual([false, expect.stringMatching(/^Stopped early\. /)])
  expect(report.cells.map(({ verdict }) => verdict)).not.toContain('failed')
  const again = await run(`report ${out} --reporter table`, { cwd })
  expect(again.code, again.stderr).toBe(report.verdict === 'regression' ? 1 : 4)
  return report
}
