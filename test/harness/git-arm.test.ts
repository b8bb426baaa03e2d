import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { type GitArms, prepareArms } from '../../harness/commands/git-arm.ts'
import { type PluginRef, pathsOf } from '../../harness/measure/loaded-code.ts'
import { PROTOCOL } from '../../harness/measure/protocol.ts'
import { prepareRef, type RefTree } from '../../harness/measure/ref-tree.ts'
import { TestRepository } from './git-repository.ts'

const made: RefTree[] = []
afterEach(() => {
  for (const tree of made.splice(0)) tree.dispose()
})

async function prepare(cwd: string, plugins: readonly PluginRef[], ref = 'HEAD'): Promise<GitArms> {
  const tree = await prepareRef({ ref, cwd, paths: plugins.flatMap(pathsOf) })
  made.push(tree)
  return prepareArms(tree, { cwd, plugins })
}

const policy = (text: string): PluginRef => ({ kind: 'policy', text })
const scenario = (text: string): PluginRef => ({ kind: 'scenario', text })
const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path)

const POLICY = `
  import { definePolicy } from 'loopdyno'
  import { batch } from './batch.ts'
  const typed: number = batch
  export default definePolicy({ name: 'mine', summary: 's', createQueue: () => ({ size: typed, push() {}, shift() {} }) })`
const PLAIN = "export default { name: 'plain', summary: 's', createQueue() {} }"
const SCENARIO = `
  import { readFileSync } from 'node:fs'
  readFileSync(new URL('./sizes.csv', import.meta.url))
  export default { name: 'own', summary: 's', params: { safeParse() {} }, classes: {}, time: ['virtual'], main() {} }`

describe('both sides', () => {
  test('are what is loaded on either: imported files and data, in TypeScript and JavaScript', {
    timeout: 60_000,
  }, async () => {
    const repository = new TestRepository()
    const commit = repository.commit({
      'app/mine.ts': POLICY,
      'app/batch.ts': 'export const batch = 1',
      'app/plain.mjs': `import './beside.mjs'\n${PLAIN}`,
      'app/beside.mjs':
        "import { createRequire } from 'node:module'\ncreateRequire(import.meta.url)('./deep.cjs')",
      'app/deep.cjs': '',
      'app/same.ts': `import './batch-free.ts'\n${PLAIN}`,
      'app/batch-free.ts': 'export {}',
      'app/own.ts': SCENARIO,
      'app/sizes.csv': '1',
      'app/unused.ts': '1',
      'loopdyno.config.ts': "import './app/batch.ts'\nexport default {}",
    })
    for (const path of ['app/batch.ts', 'app/unused.ts']) repository.write(path, 'export const batch = 2')
    repository.write('app/deep.cjs', '0')
    repository.write('app/sizes.csv', '2')
    const mine = policy('timing:inner=./mine.ts')
    const same = policy('./same.ts')
    const config: PluginRef = { kind: 'config', text: '../loopdyno.config.ts' }
    const plugins = [
      mine,
      policy('./plain.mjs'),
      same,
      policy('fifo'),
      scenario('./own.ts'),
      scenario('gather'),
      config,
    ]
    const arms = await prepare(join(repository.root, 'app'), plugins)

    expect(paths(arms.old.files)).toEqual([
      ...['app/batch-free.ts', 'app/batch.ts', 'app/beside.mjs', 'app/deep.cjs', 'app/mine.ts', 'app/own.ts'],
      ...['app/plain.mjs', 'app/same.ts', 'app/sizes.csv', 'loopdyno.config.ts'],
    ])
    expect(paths(arms.new.files)).toEqual(paths(arms.old.files))
    const changed = arms.new.files.filter(({ sha256 }, at) => sha256 !== arms.old.files[at]!.sha256)
    expect(paths(changed)).toEqual(['app/batch.ts', 'app/deep.cjs', 'app/sizes.csv'])
    expect(arms.notes).toEqual([
      'The working tree has changes that are not committed: app/batch.ts, app/deep.cjs, app/sizes.csv',
    ])
    expect(plugins.map((plugin) => arms.isControl([plugin]))).toEqual([
      ...[false, false, true, true, false, true, false],
    ])
    expect(arms.isControl([same, scenario('gather')])).toBe(true)
    expect(arms.isControl([same, scenario('./own.ts')])).toBe(false)

    const { old, new: now } = arms
    expect(now).toMatchObject({
      name: 'new',
      label: 'the working tree',
      commit,
      directory: join(repository.root, 'app'),
    })
    expect(old).toMatchObject({ name: 'old', label: `HEAD (${commit.slice(0, 7)})`, commit })
    expect(old.child).toBeUndefined()
    expect(readFileSync(join(old.directory!, 'batch.ts'), 'utf8')).toBe('export const batch = 1')
  })

  test('do not load what is of the other', { timeout: 60_000 }, async () => {
    const repository = new TestRepository()
    const helper = repository.write('helper.ts', 'export {}')
    repository.commit({ 'mine.ts': `import '${helper}'\n${PLAIN}` })
    await expect(prepare(repository.root, [policy('./mine.ts')])).rejects.toThrow(
      `the policy './mine.ts' loads ${helper}, which is of the other side: import it by a relative path`,
    )
  })

  test('have to load, and the one that does not is named', { timeout: 60_000 }, async () => {
    const repository = new TestRepository()
    repository.commit({ 'mine.ts': `import './made.ts'\n${PLAIN}`, '.gitignore': 'made.ts' })
    repository.write('made.ts', 'export {}')
    await expect(prepare(repository.root, [policy('./mine.ts')])).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(
        /^In HEAD \(.{7}\): Policy file '.\/mine.ts' cannot be loaded: .*what git does not/s,
      ),
    })
  })

  test('have no conflicts', async () => {
    const repository = new TestRepository()
    repository.commit({ 'mine.ts': 'base' })
    repository.git('branch', 'side')
    repository.commit({ 'mine.ts': 'here' })
    repository.git('checkout', '--quiet', 'side')
    repository.commit({ 'mine.ts': 'there' })
    expect(() => repository.git('merge', 'main')).toThrow()
    await expect(prepare(repository.root, [policy('./mine.ts')])).rejects.toThrow(
      'A merge has left conflicts in mine.ts: resolve them first',
    )
  })
})

/** As small as it can be, and laid out like ours. */
const OWN: Readonly<Record<string, string>> = {
  'package.json': '{ "name": "loopdyno", "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ module: 'nodenext', rewriteRelativeImportExtensions: true, rootDir: '.', outDir: 'dist' },
      ...{ skipLibCheck: true, types: [] },
    },
    include: ['harness', 'policies', 'scenarios', 'reports'],
  }),
  '.gitignore': 'dist\nnode_modules\n',
  'harness/cli.ts': 'export {}',
  'harness/api.ts': 'export const size = 0',
  'harness/catalog.ts': `export const loadPlugin = async (kind: string, name: string) =>
    (await import(new URL(\`../\${kind === 'policy' ? 'policies' : 'scenarios'}/\${name}.js\`, import.meta.url).href)).default`,
  'harness/policy-parts.ts': `import { loadPlugin } from './catalog.ts'
    export const preparePolicy = async (label: string) => ({ label, policy: await loadPlugin('policy', label), inner: new Map() })`,
  'harness/measure/child.ts': 'export {}',
  'harness/measure/protocol.ts': `export const PROTOCOL = ${PROTOCOL}`,
  'policies/fifo.ts': "import { size } from '../harness/api.ts'\nexport default { name: 'fifo', size }",
  'policies/lifo.ts': "export default { name: 'lifo' }",
  'scenarios/gather.ts': 'export default {}',
  'reports/json.ts': 'export default {}',
}
const PACKAGES = fileURLToPath(new URL('../../node_modules', import.meta.url))

function ownRepository(changes: Readonly<Record<string, string>> = {}): TestRepository {
  const repository = new TestRepository()
  repository.commit({ ...OWN, ...changes })
  symlinkSync(PACKAGES, join(repository.root, 'node_modules'))
  mkdirSync(join(repository.root, 'dist'))
  return repository
}

describe("in loopdyno's own repository", () => {
  test('built-in plug-ins are code of both sides, and are built with their harness', {
    timeout: 60_000,
  }, async () => {
    const repository = ownRepository()
    repository.write('policies/fifo.ts', OWN['policies/fifo.ts']!.replace("'fifo'", "'fifo' as string"))
    repository.write('harness/cli.ts', 'export const of = "no round"')
    const plugins = [policy('fifo'), policy('lifo'), scenario('gather')]
    const arms = await prepare(repository.root, plugins)
    expect(plugins.map((plugin) => arms.isControl([plugin]))).toEqual([false, true, true])
    const harness = ['api', 'catalog', 'measure/child', 'measure/protocol', 'policy-parts']
    expect(paths(arms.old.files)).toEqual([
      ...harness.map((name) => `harness/${name}.ts`),
      ...['policies/fifo.ts', 'policies/lifo.ts', 'scenarios/gather.ts'],
    ])
    for (const { child } of [arms.old, arms.new]) {
      expect(child!.startsWith(repository.root)).toBe(false)
      expect(existsSync(child!)).toBe(true)
    }
    const built = ({ child }: { child?: string }) => join(dirname(child!), '..', '..', 'policies', 'fifo.js')
    expect(readFileSync(built(arms.old), 'utf8')).toBe(readFileSync(built(arms.new), 'utf8'))
    for (const tree of made.splice(0)) tree.dispose()
    expect(existsSync(arms.new.child!)).toBe(false)
    expect(existsSync(join(repository.root, 'dist', 'harness'))).toBe(false)
  })

  test('a side that does not compile, or that speaks another protocol, is named', {
    timeout: 60_000,
  }, async () => {
    const broken = ownRepository({ 'policies/lifo.ts': 'export default nothing' })
    broken.write('policies/lifo.ts', OWN['policies/lifo.ts']!)
    await expect(prepare(broken.root, [policy('lifo')])).rejects.toThrow(
      /^Cannot compile HEAD \(.{7}\): policies\/lifo.ts\(1,16\): error TS2304/,
    )
    const later = ownRepository({ 'harness/measure/protocol.ts': 'export const PROTOCOL = 0' })
    writeFileSync(join(later.root, 'harness/measure/protocol.ts'), OWN['harness/measure/protocol.ts']!)
    await expect(prepare(later.root, [policy('lifo')])).rejects.toThrow(
      `takes its tasks in another form (0, not ${PROTOCOL})`,
    )
  })
})
