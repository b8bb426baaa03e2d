import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { builtinNames, loadPlugin, type PluginKind } from '../../harness/catalog.ts'

const folder = mkdtempSync(join(tmpdir(), 'loopdyno-catalog-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('built-ins', () => {
  test.each<[PluginKind, string]>([
    ['policy', 'policies'],
    ['scenario', 'scenarios'],
    ['reporter', 'reports'],
  ])('of the kind %s are the files of their folder, and all of them load', async (kind, where) => {
    const stems = readdirSync(join(ROOT, where))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.slice(0, -3))
    expect(builtinNames(kind)).toEqual(stems.toSorted())
    for (const name of stems) expect((await loadPlugin(kind, name)).name).toBe(name)
  })

  test.each<[PluginKind, string, string]>([
    ['policy', 'fiffo', "Unknown policy 'fiffo' (did you mean 'fifo'?): there are "],
    ['policy', 'zzzzzz', "Unknown policy 'zzzzzz': there are "],
    ['scenario', 'gathr', "Unknown scenario 'gathr' (did you mean 'gather'?)"],
    ['reporter', 'jsn', "Unknown reporter 'jsn' (did you mean 'json'?)"],
  ])('an unknown %s %s is a mistake that is explained', async (kind, name, message) => {
    await expect(loadPlugin(kind, name)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    })
    await expect(loadPlugin(kind, name)).rejects.toThrow(`or give a path such as ./my-${kind}.ts`)
  })
})

const HEAD = "export default { name: 'mine', summary: 's'"

describe("a user's policy", () => {
  test.each([
    [
      'exports nothing by default',
      'export const x = 1',
      'has no default export: write export default definePolicy({ ... })',
    ],
    ['does not parse', 'export default {', 'cannot be loaded: '],
    ['throws when loaded', "throw new Error('not today')", 'cannot be loaded: not today'],
    ['imports what is not there', "import './nowhere.ts'", 'cannot be loaded: '],
    ['exports a number', 'export default 7', 'does not export an object'],
    ['exports null', 'export default null', 'does not export an object'],
    ['has no name', "export default { summary: 's' }", "needs a 'name' in kebab-case, not undefined"],
    [
      'has a name in another case',
      "export default { name: 'MyPolicy' }",
      `needs a 'name' in kebab-case, not "MyPolicy"`,
    ],
    ['has no summary', "export default { name: 'mine' }", "needs a 'summary': one line that 'list' shows"],
    ['has no queue', `${HEAD} }`, "needs a function 'createQueue' that returns a ReadyQueue"],
    [
      'observes with an object',
      `${HEAD}, createQueue() {}, observe: {} }`,
      "has a 'observe' that is not a function",
    ],
    [
      'has a selector that is a name',
      `${HEAD}, createQueue() {}, selector: 'poll' }`,
      "has a 'selector' that is not a function",
    ],
    [
      'has options that are no schema',
      `${HEAD}, createQueue() {}, options: {} }`,
      "needs 'options' to be a zod object",
    ],
  ])('that %s is refused with the reason', async (what, text, message) => {
    const path = file(`${what.replaceAll(' ', '-')}.ts`, text)
    await expect(loadPlugin('policy', path)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(new RegExp(`^Policy (file )?'${path}' `)),
    })
    await expect(loadPlugin('policy', path)).rejects.toThrow(message)
  })

  test('that does not exist is refused with the place where it was looked for', async () => {
    await expect(loadPlugin('policy', './nowhere/mine.ts')).rejects.toThrow(
      `Policy file './nowhere/mine.ts' does not exist: looked for ${join(process.cwd(), 'nowhere/mine.ts')}`,
    )
  })

  test('that is a folder is refused', async () => {
    mkdirSync(join(folder, 'folder.ts'))
    await expect(loadPlugin('policy', join(folder, 'folder.ts'))).rejects.toMatchObject({
      name: 'UsageError',
    })
  })
})

const SCENARIO = "name: 'mine', summary: 's', params: { safeParse() {} }, classes: {}"

describe("a user's scenario", () => {
  test.each([
    [
      'has no params',
      "{ name: 'mine', summary: 's' }",
      "needs 'params' to be a zod object: z.object({ ... })",
    ],
    ['has no parts', `{ ${SCENARIO}, time: ['real'] }`, "needs either 'main', or 'serve' with 'load'"],
    [
      'has too many parts',
      `{ ${SCENARIO}, main() {}, serve() {}, load() {} }`,
      "needs either 'main', or 'serve' with 'load'",
    ],
    ['serves nobody', `{ ${SCENARIO}, serve() {} }`, "needs either 'main', or 'serve' with 'load'"],
    ['has no time', `{ ${SCENARIO}, main() {} }`, "needs 'time': ['real'], ['virtual'] or both"],
    ['has an empty time', `{ ${SCENARIO}, main() {}, time: [] }`, "needs 'time'"],
    ['has another time', `{ ${SCENARIO}, main() {}, time: ['lunch'] }`, "needs 'time'"],
    [
      'has no classes',
      "{ name: 'mine', summary: 's', params: { safeParse() {} }, main() {} }",
      "needs 'classes'",
    ],
  ])('that %s is refused with the reason', async (what, object, message) => {
    const path = file(`scenario-${what.replaceAll(' ', '-')}.ts`, `export default ${object}`)
    await expect(loadPlugin('scenario', path)).rejects.toThrow(message)
  })
})

describe('a plug-in that imports loopdyno', () => {
  const policy = (name: string) => `
    import { CancelledError, definePolicy, Deque, z } from 'loopdyno'
    export default definePolicy({
      name: '${name}',
      summary: 'hands out what it was given',
      options: z.strictObject({}),
      createQueue: () => ({ size: 0, push() {}, shift() {}, api: { CancelledError, definePolicy, Deque, z } }),
    })`

  // Not in this process: vitest has module instances of its own.
  test('gets the very instance that the harness uses, in TypeScript and JavaScript', {
    timeout: 20_000,
  }, async () => {
    const paths = [
      file('in-typescript.ts', `const typed: number = 1\n${policy('in-typescript')}\nvoid typed`),
      file('in-javascript.js', policy('in-javascript')),
      file('in-a-module.mjs', policy('in-a-module')),
    ]
    const child = fileURLToPath(new URL('same-instance.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'jiti/register', child, ...paths],
      { cwd: ROOT },
    )
    expect(JSON.parse(stdout)).toEqual({ 'in-typescript': [], 'in-javascript': [], 'in-a-module': [] })
  })
})
