/** The files of a git ref, written to a temporary folder in which plug-ins load as they do in the working tree. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import {
  checkOut,
  contentIds,
  findRepository,
  formerName,
  isIgnored,
  type Repository,
  readTree,
  resolveCommit,
  type Tree,
} from './git.ts'
import { changedLocks, lendPackages } from './installed.ts'
import { type CodeFile, isUnder, slashed } from './loaded-code.ts'

const SUBMODULE = '160000'

export interface RefTree {
  readonly repository: Repository
  /** The top of the files. */
  readonly root: string
  /** What corresponds to the working directory. */
  readonly directory: string
  readonly commit: string
  /** `HEAD~1 (1a2b3c4)`. */
  readonly label: string
  /** Where translated TypeScript is kept, to go with the rest. */
  readonly translations: string
  /** What people should know about it, a sentence each. */
  readonly notes: readonly string[]
  /** Whether the ref has that file. */
  has(path: string): boolean
  /** A folder beside the files that goes with them; it is not there yet. */
  beside(name: string): string
  /** Where a file lies in it, absolute. Throws `UsageError` for what lies outside of the repository. */
  mapPath(path: string): string
  /** A text that names files, as processes in `directory` have to be told it. */
  mapText(text: string, paths: readonly string[]): string
  /** Throws `UsageError` where a file is not what the commit has (but for line ends and filters). */
  verify(files: readonly CodeFile[]): Promise<void>
  /** Removes it all. May be called twice; is called when this process exits. */
  dispose(): void
}

export interface RefRequest {
  /** A branch, a tag, a hash, `HEAD~1`. */
  readonly ref: string
  readonly cwd: string
  /** The files that are to be compared, as the command line names them. */
  readonly paths: readonly string[]
}

interface Context {
  readonly repository: Repository
  readonly tree: Tree
  readonly commit: string
  readonly label: string
  readonly ref: string
  readonly cwd: string
}

/** Throws `UsageError` where there is no such ref, or one of the files is on one side only. */
export async function prepareRef({ ref, cwd, paths }: RefRequest): Promise<RefTree> {
  const repository = await findRepository(cwd)
  const commit = await resolveCommit(repository, ref)
  const tree = await readTree(repository, commit)
  const label = commit.startsWith(ref) ? commit.slice(0, 7) : `${ref} (${commit.slice(0, 7)})`
  const context = { repository, tree, commit, label, ref, cwd: realpathSync(cwd) }
  checkFolder(context)
  for (const path of paths) await checkFile(context, path)
  const folder = temporaryFolder(repository)
  const dispose = removing(folder)
  try {
    return { ...(await extract(context, folder)), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

async function extract(context: Context, folder: string): Promise<Omit<RefTree, 'dispose'>> {
  const { repository, tree, commit, label, cwd } = context
  const root = join(folder, 'tree')
  const index = join(folder, 'index')
  mkdirSync(root)
  await checkOut(repository, commit, { tree: root, index })
  const packages = packageFolders(tree, relative(repository.root, cwd))
  const trees = { root: repository.root, tree: root }
  lendPackages(trees, packages)
  const directory = join(root, relative(repository.root, cwd))
  const mapPath = (path: string) => join(root, fromTop(context, path))
  return {
    ...{ repository, root, directory, commit, label },
    translations: join(folder, 'translations'),
    notes: [...submoduleNote(tree, label), ...lockNote(changedLocks(trees, packages), label)],
    has: (path) => tree.has(slashed(relative(repository.root, realPath(context, path)))),
    beside: (name) => join(folder, name),
    mapPath,
    mapText: (text, paths) =>
      // A relative path means there what it means here, unless it leaves the repository on its way.
      paths
        .filter((path) => resolve(directory, path) !== mapPath(path))
        .reduce((mapped, path) => mapped.replaceAll(path, mapPath(path)), text),
    verify: (files) => verify(context, { root, index }, files),
  }
}

/** Outside of the repository, where no tool finds it and nobody commits it. */
function temporaryFolder({ root }: Repository): string {
  const place = realpathSync(tmpdir())
  if (place === root || isUnder(root, place))
    throw new UsageError(
      `The folder for temporary files, ${place}, is in the repository: set TMPDIR to another`,
    )
  return mkdtempSync(join(place, 'loopdyno-ref-'))
}

function removing(folder: string): () => void {
  const remove = () => {
    process.off('exit', remove)
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  process.on('exit', remove)
  return remove
}

async function verify(
  { repository, tree, label }: Context,
  { root, index }: { readonly root: string; readonly index: string },
  files: readonly CodeFile[],
): Promise<void> {
  const paths = files.map(({ path }) => path)
  const ids = await contentIds(repository, root, paths, index)
  const wrong = paths.find((path, at) => tree.get(path)?.object !== ids[at])
  if (wrong === undefined) return
  throw new UsageError(
    tree.has(wrong)
      ? `In ${label}, ${wrong} was loaded with another content than the commit has: see .gitattributes for filters that do not give back what they took`
      : `In ${label}, ${wrong} was loaded, which is not in the commit: it is written while plug-ins load`,
  )
}

// ------------------------------------------------------------------ which files there are

/** A file by its path from the top, with `/`. Throws `UsageError`. */
function fromTop(context: Context, path: string): string {
  const { root } = context.repository
  const real = realPath(context, path)
  if (isUnder(root, real)) return slashed(relative(root, real))
  throw new UsageError(`'${path}' is outside of the repository ${root}: git has no older version of it`)
}

/** Of what a link leads to through its folders; it need not exist. */
function realPath({ cwd }: Context, path: string): string {
  const absolute = resolve(cwd, path)
  const folder = dirname(absolute)
  return existsSync(folder) ? join(realpathSync(folder), basename(absolute)) : absolute
}

function checkFolder({ repository, tree, label, cwd }: Context): void {
  const prefix = slashed(relative(repository.root, cwd))
  if (prefix === '' || [...tree.keys()].some((path) => path.startsWith(`${prefix}/`))) return
  throw new UsageError(
    `The folder '${prefix}' is not in ${label}: run it in one that is, such as ${repository.root}`,
  )
}

async function checkFile(context: Context, path: string): Promise<void> {
  const { tree, label, ref, cwd } = context
  const name = fromTop(context, path)
  const here = existsSync(resolve(cwd, path))
  const there = tree.has(name)
  if (here && there) return
  if (here) {
    const { why, remedy } = await whyNew(context, name)
    throw new UsageError(`'${path}' is in the working tree, but not in ${label}: ${why}; ${remedy}`)
  }
  if (!there)
    throw new UsageError(`'${path}' is neither in the working tree nor in ${label}: looked for ${name}`)
  throw new UsageError(
    `'${path}' is in ${label}, but not in the working tree: bring it back (git restore --source=${ref} -- '${path}') or leave it out`,
  )
}

async function whyNew(
  { repository, tree, commit }: Context,
  name: string,
): Promise<{ readonly why: string; readonly remedy: string }> {
  const remedy = 'compare it with another policy of this run instead (loopdyno compare -p OLD -p NEW)'
  const submodule = [...tree].find(([path, { mode }]) => mode === SUBMODULE && name.startsWith(`${path}/`))
  if (submodule !== undefined)
    return { why: `it is in the submodule '${submodule[0]}'`, remedy: 'run the check in that folder' }
  const former = await formerName(repository, commit, name)
  if (former !== undefined) return { why: `there it is called ${former}`, remedy }
  if (await isIgnored(repository, name))
    return { why: 'git ignores it', remedy: 'take it out of .gitignore and commit it' }
  return { why: 'there is no older version of it', remedy }
}

/** Wherever packages may be installed: beside a `package.json`, and from the working directory up. */
function packageFolders(tree: Tree, prefix: string): Set<string> {
  const folders = new Set<string>()
  for (let folder = prefix; folder !== '' && folder !== '.'; folder = dirname(folder)) folders.add(folder)
  folders.add('')
  for (const path of tree.keys()) {
    if (basename(path) === 'package.json') folders.add(dirname(path) === '.' ? '' : dirname(path))
  }
  return folders
}

function submoduleNote(tree: Tree, label: string): string[] {
  const names = [...tree].filter(([, { mode }]) => mode === SUBMODULE).map(([path]) => path)
  return names.length === 0 ? [] : [`In ${label}, submodules are empty: ${names.join(', ')}`]
}

function lockNote(changed: readonly string[], label: string): string[] {
  if (changed.length === 0) return []
  return [
    `${changed.join(', ')} was different in ${label}: both sides use the packages that are installed now`,
  ]
}
