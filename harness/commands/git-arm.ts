/** The two sides of `check --against REF`: the files of a git ref, and the working tree. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import type { Arm } from '../measure/arm.ts'
import { conflicts, type Repository, workingState } from '../measure/git.ts'
import {
  allFiles,
  type CodeFile,
  type CodePlace,
  describeCode,
  hashFile,
  type PluginCode,
  type PluginRef,
  pathsOf,
  sameCode,
} from '../measure/loaded-code.ts'
import { buildOwn, copySources, harnessFiles, isOwnRepository } from '../measure/own-build.ts'
import type { RefTree } from '../measure/ref-tree.ts'

const WORKING_TREE = 'the working tree'
const FILES_LISTED = 5

export interface ArmsRequest {
  readonly cwd: string
  readonly plugins: readonly PluginRef[]
  /** A plug-in of the new side, as the old one names it. Default: the same. */
  readonly formerText?: (plugin: PluginRef) => string
}

/** A side of the comparison, and which code it runs. */
export interface GitArm extends Arm {
  /** `HEAD~1 (1a2b3c4)`, `the working tree`. */
  readonly label: string
  /** Full hash; of the working tree, the commit that it started from. */
  readonly commit?: string
  /** All files of its code. */
  readonly files: readonly CodeFile[]
  /** What its processes need in their environment. */
  readonly environment: Readonly<Record<string, string>>
}

export interface GitArms {
  readonly old: GitArm
  readonly new: GitArm
  /** What people should know about what is compared, a sentence each. */
  readonly notes: readonly string[]
  /** Both sides run the same code for these plug-ins: a cell of them is a control. */
  isControl(plugins: readonly PluginRef[]): boolean
  /** A plug-in's text as the processes of the old side have to be told it. */
  oldText(plugin: PluginRef): string
}

/** Builds both sides, loads their plug-ins, and sees that what is loaded is the code of either. Throws `UsageError`. */
export async function prepareArms(
  tree: RefTree,
  { cwd, plugins, formerText = ({ text }) => text }: ArmsRequest,
): Promise<GitArms> {
  const { root } = tree.repository
  await refuseConflicts(tree.repository)
  const snapshot = isOwnRepository(root) ? tree.beside('working') : undefined
  if (snapshot !== undefined) copySources(root, snapshot)
  const build = snapshot && tree.root
  const oldPlace = { ...tree, foreign: snapshot === undefined ? [root] : [root, snapshot], build }
  const newPlace = { label: WORKING_TREE, directory: cwd, root, foreign: [tree.root], build: snapshot }
  const oldText = (plugin: PluginRef) => {
    const text = formerText(plugin)
    return tree.mapText(text, pathsOf({ ...plugin, text }))
  }
  const mapped = plugins.map((plugin) => ({ ...plugin, text: oldText(plugin) }))
  const [before, now] = await both(sideOf(oldPlace, mapped), sideOf(newPlace, plugins))
  await tree.verify(before.files)
  refuseEdits(root, now.files)
  const paths = now.files.map(({ path }) => path)
  const { commit, dirty } = await workingState(cwd, paths)
  const environment = { LOOPDYNO_TRANSLATIONS: tree.translations }
  return {
    old: { ...armOf('old', oldPlace, before), commit: tree.commit, environment },
    new: { ...armOf('new', newPlace, now), commit, environment: {} },
    notes: [...tree.notes, ...dirtyNote(dirty)],
    isControl: (asked) => asked.every((plugin) => isSame(plugins.findIndex(equals(plugin)), before, now)),
    oldText,
  }
}

interface Side {
  readonly child?: string
  /** One for each plug-in, in order. */
  readonly code: readonly PluginCode[]
  readonly files: readonly CodeFile[]
}

/** In our own repository the harness is a part of every plug-in's code: a built-in one may be another by it alone. */
async function sideOf(place: CodePlace, plugins: readonly PluginRef[]): Promise<Side> {
  const { build, label } = place
  const child = build === undefined ? undefined : await buildOwn(build, label)
  const harness = build === undefined ? [] : harnessFiles(build)
  const code = (await describeCode(place, plugins)).map((one) => ({
    ...one,
    files: allFiles([one.files, harness]),
  }))
  return { child, code, files: allFiles(code.map(({ files }) => files)) }
}

/** Waits for both, whatever comes of one: what would still be written could not be removed. */
async function both<T>(one: Promise<T>, other: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([one, other])
  return Promise.all([one, other])
}

function armOf(name: 'old' | 'new', { label, directory }: CodePlace, { child, files }: Side) {
  return { name, label, directory, files, ...(child === undefined ? {} : { child }) }
}

function equals(a: PluginRef): (b: PluginRef) => boolean {
  return (b) => a.kind === b.kind && a.text === b.text
}

function isSame(at: number, before: Side, now: Side): boolean {
  return at >= 0 && sameCode(before.code[at]!, now.code[at]!)
}

/** A merge that is under way is nobody's intended code. */
async function refuseConflicts(repository: Repository): Promise<void> {
  const files = await conflicts(repository)
  if (files.length > 0)
    throw new UsageError(`A merge has left conflicts in ${listed(files)}: resolve them first (git status)`)
}

function refuseEdits(root: string, files: readonly CodeFile[]): void {
  const edited = files.find(({ path, sha256 }) => {
    const now = join(root, path)
    return !existsSync(now) || hashFile(now) !== sha256
  })
  if (edited !== undefined)
    throw new UsageError(`${edited.path} was edited while it was being built: run the check again`)
}

function dirtyNote(files: readonly string[]): string[] {
  return files.length === 0 ? [] : [`The working tree has changes that are not committed: ${listed(files)}`]
}

function listed(files: readonly string[]): string {
  const more = files.length > FILES_LISTED ? ` and ${files.length - FILES_LISTED} more` : ''
  return files.slice(0, FILES_LISTED).join(', ') + more
}
