/** The packages of a working tree, lent to a copy of an older commit so that its imports resolve. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { isUnder } from './loaded-code.ts'

const PACKAGES = 'node_modules'
const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock']

interface Trees {
  /** The top of the working tree. */
  readonly root: string
  /** The top of the copy. */
  readonly tree: string
}

/** Links the packages at the same places, by folders from the top; and those above the repository, above the copy. */
export function lendPackages({ root, tree }: Trees, folders: Iterable<string>): void {
  for (const folder of new Set(folders)) {
    const [from, to] = [join(root, folder, PACKAGES), join(tree, folder, PACKAGES)]
    if (isFolder(from) && isFolder(dirname(to)) && !existsSync(to)) lend(from, to, { root, tree })
  }
  const above = nearestAbove(root)
  if (above !== undefined) symlinkSync(above, join(tree, '..', PACKAGES))
}

/** A package that is a link to a folder of the repository itself (a workspace) is code: the copy has its own. */
function lend(from: string, to: string, trees: Trees): void {
  if (!hasOwn(from, trees)) {
    symlinkSync(from, to)
    return
  }
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    const own = ownFolder(join(from, name), trees)
    if (own !== undefined) symlinkSync(join(trees.tree, own), join(to, name))
    else lend(join(from, name), join(to, name), trees)
  }
}

function hasOwn(folder: string, trees: Trees): boolean {
  return scoped(folder).some((path) => ownFolder(path, trees) !== undefined)
}

/** The packages of a `node_modules` or of a scope in it; a package has none. */
function scoped(folder: string): string[] {
  const holdsPackages = folder.endsWith(sep + PACKAGES) || /[\\/]@[^\\/]+$/.test(folder)
  if (!holdsPackages || !isFolder(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return name.startsWith('@') ? scoped(path) : [path]
  })
}

function ownFolder(path: string, { root }: Trees): string | undefined {
  if (!lstatSync(path).isSymbolicLink() || !existsSync(path)) return undefined
  const target = realpathSync(path)
  if (!isUnder(root, target)) return undefined
  const inside = relative(root, target)
  return inside.split(sep).includes(PACKAGES) ? undefined : inside
}

function nearestAbove(root: string): string | undefined {
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    if (isFolder(join(folder, PACKAGES))) return join(folder, PACKAGES)
    if (folder === dirname(folder)) return undefined
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Which lists of packages differ: both sides run with what is installed now. */
export function changedLocks({ root, tree }: Trees, folders: Iterable<string>): string[] {
  const paths = [...new Set(folders)].flatMap((folder) => LOCK_FILES.map((name) => join(folder, name)))
  return paths.filter((path) => contentOf(join(root, path)) !== contentOf(join(tree, path)))
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
