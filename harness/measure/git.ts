/** Git, asked about the user's repository. Nothing here writes into it: not even its index is refreshed. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'

export interface Repository {
  /** The top of the working tree, links resolved. */
  readonly root: string
  readonly gitDir: string
  /** It has the newest commits only. */
  readonly shallow: boolean
}

export interface TreeEntry {
  /** `160000`: a submodule. */
  readonly mode: string
  /** The hash of its content, as git stores it. */
  readonly object: string
}

/** What files are in a commit, by their path from the top. */
export type Tree = ReadonlyMap<string, TreeEntry>

export interface WorkingState {
  /** Full hash of `HEAD`; absent where there is no repository, or no commit in it. */
  readonly commit?: string
  /** Which of the files are not what they are in `HEAD`, or not in it. */
  readonly dirty: readonly string[]
  /** Which of them a merge has left for someone to decide. */
  readonly conflicted: readonly string[]
}

/** Git failed; the message is what it said, in English. */
class GitError extends Error {}

const TIME_LIMIT_MS = 120_000
const OUTPUT_LIMIT_BYTES = 256 * 2 ** 20

/** Which repository is meant: git sets these for its hooks, and they would win over the working directory. */
const SET_FOR_HOOKS = [
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_COMMON_DIR'],
  ...['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_NAMESPACE', 'GIT_SHALLOW_FILE'],
  ...['GIT_INTERNAL_SUPER_PREFIX', 'GIT_GRAFT_FILE', 'GIT_QUARANTINE_PATH'],
]

const CALM = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
}

/** A second index must not leave a shared one, call hooks or a monitor, or warn of line ends. */
const SETTINGS = [
  ...['core.hooksPath=/dev/null', 'core.splitIndex=false', 'core.fsmonitor=false', 'core.safecrlf=false'],
  ...['core.untrackedCache=false', 'submodule.recurse=false'],
].flatMap((setting) => ['-c', setting])

interface Call {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

function git(args: readonly string[], { cwd, env = {}, input = '' }: Call): Promise<string> {
  const inherited = Object.entries(process.env).filter(([name]) => !SET_FOR_HOOKS.includes(name))
  const options = {
    cwd,
    env: { ...Object.fromEntries(inherited), ...CALM, ...env },
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL' as const,
    maxBuffer: OUTPUT_LIMIT_BYTES,
  }
  return new Promise((resolve, reject) => {
    const child = execFile('git', [...SETTINGS, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else if (error.code === 'ENOENT') reject(new UsageError('git is not installed: --against needs it'))
      else reject(new GitError(error.killed ? 'it took too long' : stderr.trim() || error.message))
    })
    child.stdin!.on('error', () => {}) // it may have ended without reading
    child.stdin!.end(input)
  })
}

/** The repository that a folder is in. Throws `UsageError` where there is none, or git does not trust it. */
export async function findRepository(cwd: string): Promise<Repository> {
  const questions = ['--show-toplevel', '--absolute-git-dir', '--is-shallow-repository']
  try {
    const [root, gitDir, shallow] = (await git(['rev-parse', ...questions], { cwd })).split('\n')
    return { root: root!, gitDir: gitDir!, shallow: shallow === 'true' }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    if (/not a git repository/.test(error.message)) {
      throw new UsageError(
        `'${cwd}' is in no git repository: run it in one, or keep a baseline instead (loopdyno baseline save)`,
      )
    }
    if (/must be run in a work tree/.test(error.message))
      throw new UsageError(`The repository of '${cwd}' has no working tree: run it in a clone that has one`)
    throw new UsageError(`git cannot read the repository of '${cwd}': ${error.message}`)
  }
}

/** The full hash of the commit that a name stands for. Throws `UsageError` with names that are near. */
export async function resolveCommit(repository: Repository, ref: string): Promise<string> {
  if (ref === '' || ref.startsWith('-')) {
    throw new UsageError(`'${ref}' is no name of a commit: give a branch, a tag or a hash such as HEAD~1`)
  }
  const cwd = repository.root
  try {
    return (await git(['rev-parse', '--verify', `${ref}^{commit}`], { cwd })).trim()
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    throw new UsageError(await unknownRef(repository, ref, error.message))
  }
}

async function unknownRef({ root, shallow }: Repository, ref: string, said: string): Promise<string> {
  if (/is ambiguous/.test(said)) return `'${ref}' stands for several commits: give more of the hash`
  const listed = await git(['for-each-ref', '--format=%(refname:short)'], { cwd: root })
  const names = ['HEAD', ...listed.split('\n').filter((name) => name !== '')]
  const elsewhere = names.find((name) => name.endsWith(`/${ref}`))
  const hint = elsewhere === undefined ? didYouMean(ref, names) : ` (did you mean '${elsewhere}'?)`
  const remedy = shallow
    ? 'this clone is shallow, so fetch more of it: git fetch --deepen=100 (GitHub Actions: fetch-depth: 0 for actions/checkout)'
    : "'git log --oneline' and 'git branch --all' show what there is"
  return `Unknown git ref '${ref}'${hint}: ${remedy}`
}

export async function readTree({ root }: Repository, commit: string): Promise<Tree> {
  const listed = await git(['ls-tree', '-r', '-z', '--full-tree', commit], { cwd: root })
  return new Map(
    listed
      .split('\0')
      .filter((line) => line !== '')
      .map((line) => {
        const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line)!
        return [path!, { mode: mode!, object: object! }]
      }),
  )
}

/**
 * Writes the files of a commit to `tree` as git would check them out (line ends, filters, LFS), submodules left
 * empty. The index of it is `index`. Not `git archive`, which leaves out what is marked `export-ignore`, nor
 * `git worktree`, which a killed process would leave registered in the user's repository.
 */
export async function checkOut(
  { root, gitDir }: Repository,
  commit: string,
  { tree, index }: { readonly tree: string; readonly index: string },
): Promise<void> {
  const place = [`--git-dir=${gitDir}`, `--work-tree=${tree}`]
  const how = ['--reset', '-u', '--no-recurse-submodules', '--no-sparse-checkout']
  try {
    await git([...place, 'read-tree', ...how, commit], { cwd: root, env: { GIT_INDEX_FILE: index } })
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    throw new UsageError(`git cannot write the files of ${commit.slice(0, 7)}: ${error.message}`)
  }
}

/** What git would store of files as they are now: where it is what a commit has, they are that commit's. */
export async function contentIds(
  { gitDir }: Pick<Repository, 'gitDir'>,
  directory: string,
  paths: readonly string[],
  index?: string,
): Promise<string[]> {
  if (paths.length === 0) return []
  const place = [`--git-dir=${gitDir}`, `--work-tree=${directory}`]
  const env: Record<string, string> = index === undefined ? {} : { GIT_INDEX_FILE: index }
  const input = paths.map((path) => `${path}\n`).join('')
  const ids = await git([...place, 'hash-object', '--stdin-paths'], { cwd: directory, env, input })
  return ids.trim().split('\n')
}

/**
 * How files of the working tree stand against `HEAD`. They are named by their path from the top of the repository,
 * and read: what a user told git to overlook is seen all the same.
 */
export async function workingState(cwd: string, files: readonly string[]): Promise<WorkingState> {
  const repository = await findRepository(cwd).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined
    throw error
  })
  if (repository === undefined) return { dirty: [], conflicted: [] }
  const commit = await resolveCommit(repository, 'HEAD').catch(() => undefined) // no commit yet
  const tree: Tree = commit === undefined ? new Map() : await readTree(repository, commit)
  const unmerged = await conflicts(repository)
  return {
    ...(commit === undefined ? {} : { commit }),
    dirty: await changed(repository, tree, files),
    conflicted: files.filter((file) => unmerged.includes(file)),
  }
}

async function changed(repository: Repository, tree: Tree, files: readonly string[]): Promise<string[]> {
  const present = files.filter((file) => existsSync(join(repository.root, file)))
  const ids = await contentIds(repository, repository.root, present)
  const now = new Map(present.map((file, place) => [file, ids[place]]))
  return files.filter((file) => tree.get(file) === undefined || tree.get(file)!.object !== now.get(file))
}

/** What a merge has left for someone to decide, by its path from the top. */
export async function conflicts({ root }: Repository): Promise<string[]> {
  const listed = await git(['ls-files', '--unmerged', '-z'], { cwd: root })
  const lines = listed.split('\0').filter((line) => line !== '')
  return [...new Set(lines.map((line) => line.slice(line.indexOf('\t') + 1)))]
}

export async function isIgnored({ root }: Repository, path: string): Promise<boolean> {
  return git(['check-ignore', '--quiet', '--', path], { cwd: root }).then(
    () => true,
    () => false,
  )
}

/** What a file that is in the working tree now was called in a commit, where git sees that it was renamed. */
export async function formerName(
  { root }: Repository,
  commit: string,
  path: string,
): Promise<string | undefined> {
  const how = ['--find-renames', '--diff-filter=R', '--name-status', '-z', '--no-ext-diff']
  const fields = (await git(['diff', ...how, commit, '--'], { cwd: root })).split('\0')
  const place = fields.findIndex((field, at) => at % 3 === 2 && field === path)
  return place < 0 ? undefined : fields[place - 1]
}
