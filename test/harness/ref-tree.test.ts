import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { workingState } from '../../harness/measure/git.ts'
import { hashFile } from '../../harness/measure/loaded-code.ts'
import { prepareRef, type RefTree } from '../../harness/measure/ref-tree.ts'
import { TestRepository, temporary } from './git-repository.ts'

const made: RefTree[] = []
afterEach(() => {
  for (const tree of made.splice(0)) tree.dispose()
})

async function prepare(cwd: string, paths: readonly string[] = [], ref = 'HEAD~1'): Promise<RefTree> {
  const tree = await prepareRef({ ref, cwd, paths })
  made.push(tree)
  return tree
}

const repository = new TestRepository()
const first = repository.commit({
  'package.json': '{}',
  '.gitignore': 'ignored.ts\nnode_modules\n',
  '.gitattributes': 'hidden.ts export-ignore\nwindows.ts text eol=crlf\n',
  'mine.ts': 'export default 1\n',
  'renamed.ts': '// a file that is long enough\n// for git to see that it was renamed\n',
  'removed.ts': '// something else\n',
  'hidden.ts': '// not in archives\n',
  'windows.ts': '// two\n// lines\n',
  'packages/lib/package.json': '{ "name": "@own/lib" }',
  'packages/lib/lib.ts': 'old\n',
})
repository.git('mv', 'renamed.ts', 'policies.ts')
repository.git('rm', '--quiet', 'removed.ts')
repository.git('tag', 'v1.0', first)
repository.git('update-ref', 'refs/remotes/origin/feature', first)
repository.commit({ 'mine.ts': 'export default 2\n', 'late/mine.ts': '', 'packages/lib/lib.ts': 'new\n' })
repository.write('untracked.ts', '')
repository.write('ignored.ts', '')

describe('the files of a ref', () => {
  test('are written elsewhere, and neither they nor git leave anything behind', async () => {
    const status = repository.git('status', '--porcelain')
    const traces = repository.traces()
    const tree = await prepare(repository.root, ['./mine.ts', 'hidden.ts'])
    expect(tree).toMatchObject({ commit: first, label: `HEAD~1 (${first.slice(0, 7)})`, notes: [] })
    expect(tree.root.startsWith(repository.root)).toBe(false)
    expect(readFileSync(join(tree.directory, 'mine.ts'), 'utf8')).toBe('export default 1\n')
    expect(existsSync(tree.mapPath('hidden.ts'))).toBe(true)
    tree.dispose()
    tree.dispose()
    expect(existsSync(dirname(tree.root))).toBe(false)
    expect(repository.traces()).toEqual(traces)
    expect(repository.git('status', '--porcelain')).toBe(status)
  })

  test('are found from a folder and by absolute paths', async () => {
    const absolute = join(repository.root, 'mine.ts')
    const there = `../../../${repository.root.split('/').at(-1)}/mine.ts`
    const tree = await prepare(join(repository.root, 'packages/lib'), ['../../mine.ts', absolute, there])
    expect(tree.directory).toBe(join(tree.root, 'packages/lib'))
    expect(readFileSync(tree.mapPath(absolute), 'utf8')).toBe('export default 1\n')
    const text = `timing:inner=${absolute}:batch=2`
    expect(tree.mapText(text, [absolute])).toBe(`timing:inner=${tree.root}/mine.ts:batch=2`)
    expect(tree.mapText(there, [there])).toBe(join(tree.root, 'mine.ts'))
    expect(tree.mapText('../../mine.ts', ['../../mine.ts'])).toBe('../../mine.ts')
  })

  test('are those of the commit with the line ends that git gives them, and a change of them is seen', async () => {
    const tree = await prepare(repository.root)
    const files = ['mine.ts', 'windows.ts'].map((path) => ({ path, sha256: hashFile(join(tree.root, path)) }))
    expect(readFileSync(join(tree.root, 'windows.ts'), 'utf8')).toBe('// two\r\n// lines\r\n')
    await tree.verify(files)
    writeFileSync(join(tree.root, 'mine.ts'), 'export default 2\n')
    await expect(tree.verify(files)).rejects.toThrow('mine.ts was loaded with another content')
    writeFileSync(join(tree.root, 'made.ts'), '')
    await expect(tree.verify([{ path: 'made.ts', sha256: '' }])).rejects.toThrow('not in the commit')
  })

  test('get the packages of the working tree, but for packages that are folders of the repository', async () => {
    const packages = join(repository.root, 'node_modules')
    mkdirSync(join(packages, '@own'), { recursive: true })
    mkdirSync(join(packages, 'foreign'))
    repository.write('packages/lib/node_modules/inner/index.js', '')
    symlinkSync(join(repository.root, 'packages/lib'), join(packages, '@own/lib'))
    const tree = await prepare(repository.root)
    expect(readFileSync(join(tree.root, 'node_modules/@own/lib/lib.ts'), 'utf8')).toBe('old\n')
    expect(existsSync(join(tree.root, 'node_modules/foreign'))).toBe(true)
    expect(existsSync(join(tree.root, 'packages/lib/node_modules/inner/index.js'))).toBe(true)
    tree.dispose()
    expect(existsSync(join(repository.root, 'packages/lib/node_modules/inner/index.js'))).toBe(true)
  })

  test('are found in a hook, for which git sets which repository it is', async () => {
    const other = new TestRepository()
    const set = { GIT_DIR: join(other.root, '.git'), GIT_INDEX_FILE: 'nowhere', GIT_WORK_TREE: other.root }
    Object.assign(process.env, set)
    try {
      expect((await prepare(repository.root)).commit).toBe(first)
    } finally {
      for (const name of Object.keys(set)) delete process.env[name]
    }
  })

  test('are found from a linked working tree', async () => {
    const linked = join(temporary(), 'linked')
    repository.git('worktree', 'add', '--quiet', linked)
    writeFileSync(join(linked, 'mine.ts'), 'edited')
    const tree = await prepare(linked, ['mine.ts'], 'HEAD')
    expect(tree.repository.root).toBe(linked)
    expect(readFileSync(join(tree.root, 'mine.ts'), 'utf8')).toBe('export default 2\n')
  })

  test('come with a note on submodules and on packages that have changed', async () => {
    const outer = new TestRepository()
    outer.write('package-lock.json', '1')
    outer.git('update-index', '--add', '--cacheinfo', `160000,${first},vendor`)
    outer.git('add', 'package-lock.json')
    outer.git('commit', '--quiet', '--message=change')
    outer.write('package-lock.json', '2')
    const { notes } = await prepare(outer.root, [], 'HEAD')
    expect(notes).toEqual([
      expect.stringMatching(/^In HEAD \(.*\), submodules are empty: vendor$/),
      expect.stringMatching(/^package-lock.json was different in HEAD \(.*\): both sides use/),
    ])
    outer.write('vendor/mine.ts', '')
    await expect(prepare(outer.root, ['vendor/mine.ts'], 'HEAD')).rejects.toThrow("in the submodule 'vendor'")
  })
})

describe('a mistake is explained', () => {
  const there = `HEAD~1 (${first.slice(0, 7)})`

  test.each([
    [
      'a new file',
      'untracked.ts',
      `'untracked.ts' is in the working tree, but not in ${there}: there is no older`,
    ],
    ['a file that git ignores', 'ignored.ts', `but not in ${there}: git ignores it`],
    ['a file of another name', 'policies.ts', `but not in ${there}: there it is called renamed.ts`],
    [
      'a file that is gone',
      './removed.ts',
      `'./removed.ts' is in ${there}, but not in the working tree: bring it back (git restore --source=HEAD~1 -- './removed.ts')`,
    ],
    ['a file that never was', 'never.ts', `'never.ts' is neither in the working tree nor in ${there}`],
    ['a file elsewhere', '/etc/mine.ts', "'/etc/mine.ts' is outside of the repository"],
  ])('%s', async (_, path, message) => {
    await expect(prepare(repository.root, [path])).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    })
  })

  test.each([
    ['a name that is nearly one', 'mian', "Unknown git ref 'mian' (did you mean 'main'?): 'git log"],
    ['a tag that is nearly one', 'v1.1', "(did you mean 'v1.0'?)"],
    ['a branch that is not here yet', 'feature', "(did you mean 'origin/feature'?)"],
    ['a commit before the first', 'HEAD~9', "Unknown git ref 'HEAD~9'"],
    ['a file', 'HEAD:mine.ts', 'Unknown git ref'],
    ['an option', '--all', "'--all' is no name of a commit"],
    ['nothing', '', "'' is no name of a commit"],
  ])('%s in place of a ref', async (_, ref, message) => {
    await expect(prepare(repository.root, [], ref)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    })
  })

  test('a folder that was not there', async () => {
    const late = join(repository.root, 'late')
    await expect(prepare(late)).rejects.toThrow(`The folder 'late' is not in ${there}`)
  })

  test('a shallow clone', async () => {
    const shallow = join(temporary(), 'shallow')
    repository.git('clone', '--quiet', '--depth=1', `file://${repository.root}`, shallow)
    await expect(prepare(shallow)).rejects.toThrow(
      'this clone is shallow, so fetch more of it: git fetch --deepen',
    )
  })

  test('no repository, one without files, and no git', async () => {
    const folder = temporary()
    await expect(prepare(folder)).rejects.toThrow(`'${folder}' is in no git repository`)
    repository.git('clone', '--quiet', '--bare', repository.root, join(folder, 'bare'))
    await expect(prepare(join(folder, 'bare'))).rejects.toThrow('has no working tree')
    const { PATH } = process.env
    process.env.PATH = folder
    try {
      await expect(prepare(repository.root)).rejects.toThrow('git is not installed')
    } finally {
      process.env.PATH = PATH
    }
  })

  test('a temporary folder in the repository; and a mistake leaves nothing in a better one', async () => {
    const { TMPDIR } = process.env
    const better = temporary()
    try {
      process.env.TMPDIR = join(repository.root, 'late')
      await expect(prepare(repository.root)).rejects.toThrow('set TMPDIR to another')
      process.env.TMPDIR = better
      await expect(prepare(repository.root, ['never.ts'])).rejects.toThrow('neither')
      repository.git('config', 'filter.broken.smudge', 'false')
      repository.git('config', 'filter.broken.required', 'true')
      repository.write('.git/info/attributes', 'mine.ts filter=broken\n')
      await expect(prepare(repository.root)).rejects.toThrow('git cannot write the files')
      expect(readdirSync(better)).toEqual([])
    } finally {
      repository.write('.git/info/attributes', '')
      process.env.TMPDIR = TMPDIR
      if (TMPDIR === undefined) delete process.env.TMPDIR
    }
  })
})

describe('the state of the working tree', () => {
  test('tells what is not as it was committed, however git was told to overlook it', async () => {
    const state = new TestRepository()
    const commit = state.commit({ 'same.ts': 'same', 'edited.ts': 'old', 'gone.ts': '', 'overlooked.ts': '' })
    state.git('update-index', '--assume-unchanged', 'overlooked.ts')
    state.git('rm', '--quiet', 'gone.ts')
    for (const path of ['edited.ts', 'new.ts', 'overlooked.ts']) state.write(path, 'new')
    const dirty = ['edited.ts', 'gone.ts', 'new.ts', 'overlooked.ts']
    expect(await workingState(state.root, ['same.ts', ...dirty])).toEqual({ commit, dirty, conflicted: [] })
  })

  test('tells what a merge has left', async () => {
    const state = new TestRepository()
    state.commit({ 'mine.ts': 'base', 'other.ts': '' })
    state.git('branch', 'side')
    state.commit({ 'mine.ts': 'here' })
    state.git('checkout', '--quiet', 'side')
    state.commit({ 'mine.ts': 'there' })
    expect(() => state.git('merge', 'main')).toThrow()
    const { conflicted } = await workingState(state.root, ['mine.ts', 'other.ts'])
    expect(conflicted).toEqual(['mine.ts'])
  })

  test('is unknown outside of a repository, and all is new before the first commit', async () => {
    expect(await workingState(temporary(), ['mine.ts'])).toEqual({ dirty: [], conflicted: [] })
    const empty = new TestRepository()
    empty.write('mine.ts', '')
    expect(await workingState(empty.root, ['mine.ts'])).toEqual({ dirty: ['mine.ts'], conflicted: [] })
  })
})
