/**
 * The config file as it is in a git ref: what it has the old side of a check run. That are the options of policies and
 * the parameters of scenarios, where no flag says otherwise. Which cells there are, how they are measured and what makes
 * a verdict is the working tree's to say.
 */
import { UsageError } from '../errors.ts'
import type { PluginRef } from '../measure/loaded-code.ts'
import type { Matrix, PlannedCell } from '../measure/plan.ts'
import type { RefTree } from '../measure/ref-tree.ts'
import type { Cell } from '../records.ts'
import { parseSpec } from '../spec.ts'
import type { Arguments } from './command.ts'
import { type Configured, configured, given, readConfigured } from './config-file.ts'
import { readCheckedMatrix, runnable } from './sides.ts'

export interface FormerConfig {
  /** The file itself, where both sides have one. */
  readonly plugins: readonly PluginRef[]
  /** What the command is called with, as if the file had not been changed: for the parameters of scenarios. */
  readonly args: Arguments
  /** What people should know about it, a sentence each. */
  readonly notes: readonly string[]
  /** A plug-in of the new side, as the old one names it. */
  textOf(plugin: PluginRef): string
}

/** Throws `UsageError` where the ref has a config that cannot be read. */
export async function readFormerConfig(tree: RefTree, args: Arguments): Promise<FormerConfig> {
  const now = configured(args)
  const unchanged = { plugins: [], args, notes: [], textOf: ({ text }: PluginRef) => text }
  if (now.path === undefined) return unchanged
  if (!tree.has(now.path))
    return { ...unchanged, notes: [`${tree.label} has no ${now.path}: both sides take the working tree's`] }
  const before = await read(tree, now.path)
  const isConfigured = given(args).policy === undefined
  const formerText = (text: string) => formerPolicy(text, before.policies ?? [], now.policies ?? [])
  const unclear = isConfigured ? (now.policies ?? []).filter((text) => formerText(text) === undefined) : []
  return {
    plugins: [{ kind: 'config', text: now.path }],
    args: { ...args, configured: { ...now, set: before.set } },
    notes: [...worldNote(before, now, tree), ...unclear.map((text) => unclearNote(text, now.path!, tree))],
    textOf: ({ kind, text }) => (kind === 'policy' && isConfigured ? (formerText(text) ?? text) : text),
  }
}

async function read(tree: RefTree, path: string): Promise<Configured> {
  const mapped = tree.mapPath(path)
  try {
    return await readConfigured(mapped, path)
  } catch (error) {
    if (error instanceof UsageError)
      throw formerProblem(error.message.replaceAll(mapped, path).replace(`${path}: `, ''), path, tree)
    throw error
  }
}

function formerProblem(problem: string, path: string, { label }: Pick<RefTree, 'label'>): UsageError {
  return new UsageError(`In ${label}, ${path}: ${problem} (--no-config compares without it)`)
}

/**
 * The same cells in the same order, with the settings that they had. Throws `UsageError` where they do not fit the
 * scenarios of now.
 */
export async function formerCells(
  former: FormerConfig,
  matrix: Matrix,
  tree: Pick<RefTree, 'label'>,
): Promise<PlannedCell[]> {
  const { settings } = await readCheckedMatrix(former.args)
  return plannedWith({ ...matrix, settings }, former, tree).map((planned) => {
    const label = former.textOf({ kind: 'policy', text: planned.policy.label })
    return { ...planned, cell: { ...planned.cell, policy: label }, policy: { ...planned.policy, label } }
  })
}

function plannedWith(
  matrix: Matrix,
  { args }: FormerConfig,
  tree: Pick<RefTree, 'label'>,
): readonly PlannedCell[] {
  try {
    return runnable(matrix).cells
  } catch (error) {
    const { path } = configured(args)
    if (error instanceof UsageError && path !== undefined) throw formerProblem(error.message, path, tree)
    throw error
  }
}

/** The same, or the one of its name with other options; undefined where it is not there, or not clear which it is. */
function formerPolicy(text: string, before: readonly string[], now: readonly string[]): string | undefined {
  if (before.includes(text)) return text
  const namesakes = (texts: readonly string[]) =>
    texts.filter((each) => parseSpec(each).name === parseSpec(text).name)
  const [former, ...others] = namesakes(before)
  return others.length === 0 && namesakes(now).length === 1 ? former : undefined
}

function unclearNote(text: string, path: string, { label }: RefTree): string {
  return `${path} in ${label} has no policy that ${text} is clearly the successor of: both sides run it with these options`
}

function worldNote(before: Configured, now: Configured, { label }: RefTree): string[] {
  return JSON.stringify(before.world) === JSON.stringify(now.world)
    ? []
    : [`${now.path} has another world in ${label}: both sides run in the working tree's`]
}

/** Which cells run with other settings than they did, a sentence each. */
export function changedSettings(
  pairs: readonly { readonly before: Cell; readonly now: Cell }[],
  { label }: Pick<RefTree, 'label'>,
): string[] {
  const sentences = pairs.flatMap(({ before, now }) => [
    ...(before.policy === now.policy ? [] : [`${now.policy} is compared with ${before.policy} of ${label}`]),
    ...Object.keys({ ...before.params, ...now.params })
      .filter((name) => JSON.stringify(before.params[name]) !== JSON.stringify(now.params[name]))
      .map(
        (name) =>
          `${now.scenario} runs with ${name}=${now.params[name]}, and with ${name}=${before.params[name]} in ${label}`,
      ),
  ])
  return [...new Set(sentences)]
}
