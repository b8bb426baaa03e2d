/** Two runs held against one another by their records alone. */
import { resolve } from 'node:path'
import type { TimeKind } from '../contracts.ts'
import { UsageError } from '../errors.ts'
import { lockDirectory } from '../measure/directory-lock.ts'
import {
  appendRecord,
  prepareDirectory,
  type ReadRecords,
  readRecords,
  startRecords,
} from '../measure/record-file.ts'
import { type Cell, type Comparison, cellKey, type RoundRecord, type RunHeader } from '../records.ts'
import { environmentDifferences, labelOf } from '../verdict/baseline.ts'
import { JUDGE_FLAGS, readJudgeSettings } from './check-settings.ts'
import type { Arguments, Ending, Flag, Terminal } from './command.ts'
import { given } from './config-file.ts'
import { commandLine } from './executing.ts'
import { endingOfReport, loadReporters, writeReports } from './reporting.ts'

type Pair = Comparison['pairs'][number]

interface Run extends ReadRecords {
  readonly folder: string
}

/** `flags` are those of the command; what is about running is refused. Throws `UsageError`. */
export async function compareFolders(
  [oldFolder, newFolder]: readonly [string, string],
  flags: Readonly<Record<string, Flag>>,
  args: Arguments,
  terminal: Terminal,
): Promise<Ending> {
  refuseFlagsOfRuns(flags, args)
  const settings = readJudgeSettings(args)
  const reporters = await loadReporters(args)
  const [old, now] = [runIn(oldFolder, terminal), runIn(newFolder, terminal)]
  const all = pairsOf(old, now)
  const idle = all.filter((pair) => isUnsupported(old, pair.old) && isUnsupported(now, pair.new))
  const pairs = all.filter((pair) => !idle.includes(pair))
  if (pairs.length === 0)
    throw new UsageError(`'${oldFolder}' and '${newFolder}' have no cell in common that could be run here`)
  refuseOtherMachine(pairs, old, now)
  refuseOtherWorld(pairs, old, now)
  const directory = String(args.out)
  if ([oldFolder, newFolder].some((folder) => resolve(folder) === resolve(directory)))
    throw new UsageError(`The run in '${directory}' would be replaced: choose another folder with --out`)
  const notes = [
    ...idle.map((pair) => `Not compared: ${labelOf(pair.new)}, which could run in neither folder`),
    ...alone(old, all, 'old'),
    ...alone(now, all, 'new'),
    ...roundsNote(old, now),
  ]
  const header = headerOf(old, now, notes, {
    old: { label: oldFolder, files: [] },
    new: { label: newFolder, files: [] },
    pairs,
    ...settings,
    confirm: false,
    virtualRounds: Math.min(roundsOf(old, 'virtual'), roundsOf(now, 'virtual')),
    warmupMs: now.header.comparison?.warmupMs ?? 0,
    windowMs: now.header.comparison?.windowMs ?? 0,
  })
  prepareDirectory(directory)
  const unlock = lockDirectory(directory)
  try {
    startRecords(directory, header)
    for (const round of [...sideOf(old, 'old'), ...sideOf(now, 'new')]) appendRecord(directory, round)
    const report = await writeReports(readRecords(directory), reporters, directory, args, terminal)
    return endingOfReport(report, args)
  } finally {
    unlock()
  }
}

/** Nothing is run here: a flag that says how must not be passed over. */
function refuseFlagsOfRuns(flags: Readonly<Record<string, Flag>>, args: Arguments): void {
  const said = given(args)
  const needless = Object.keys(flags).find((name) => !(name in JUDGE_FLAGS) && said[name] !== undefined)
  if (needless !== undefined)
    throw new UsageError(
      `--${needless} is about running, and two folders are compared as they are: leave it out`,
    )
}

function runIn(folder: string, terminal: Terminal): Run {
  const records = readRecords(folder)
  if (records.truncated)
    terminal.err(`The last record in '${folder}' was cut off when the run was killed: left out\n`)
  return { ...records, folder }
}

function roundsOf({ header }: ReadRecords, time: TimeKind): number {
  return (time === 'virtual' ? header.comparison?.virtualRounds : undefined) ?? header.rounds
}

/** The rounds of a run; of one that compared two sides itself, those of its new side. */
function sideOf({ rounds }: ReadRecords, arm: 'old' | 'new'): RoundRecord[] {
  return rounds
    .filter((round) => round.arm !== 'old' && round.stage === undefined && round.control === undefined)
    .map(({ divergence: _, ...round }) => ({ ...round, arm }))
}

/** The same cell in both runs; where each has one policy, its cells are held against those of the other. */
function pairsOf({ folder: oldFolder, header: old }: Run, { folder: newFolder, header: now }: Run): Pair[] {
  const bySelf = matchedBy(cellKey, old.cells, now.cells)
  if (bySelf.length > 0) return bySelf
  const single = [old, now].every(({ cells }) => new Set(cells.map(({ policy }) => policy)).size === 1)
  const acrossPolicies = single ? matchedBy(keyButPolicy, old.cells, now.cells) : []
  if (acrossPolicies.length > 0) return acrossPolicies
  throw new UsageError(
    `'${oldFolder}' and '${newFolder}' have no cell in common: the same scenario with the same parameters, time and selector`,
  )
}

function matchedBy(keyOf: (cell: Cell) => string, old: readonly Cell[], now: readonly Cell[]): Pair[] {
  return now.flatMap((cell) => {
    const same = old.find((each) => keyOf(each) === keyOf(cell))
    return same === undefined ? [] : [{ old: same, new: cell }]
  })
}

/** What two policies have in common. Selectors may be the policies' own. */
export function keyButPolicy(cell: Cell): string {
  return cellKey({ ...cell, policy: '', selector: cell.time === 'virtual' ? '' : cell.selector })
}

function isUnsupported({ rounds }: Run, cell: Cell): boolean {
  const own = rounds.filter((round) => cellKey(round.cell) === cellKey(cell))
  return own.some(({ status }) => status === 'unsupported' || status === 'unavailable')
}

function refuseOtherMachine(pairs: readonly Pair[], old: Run, now: Run): void {
  if (pairs.every((pair) => pair.new.time === 'virtual')) return
  const differences = environmentDifferences(old.header.environment, now.header.environment)
  if (differences.length === 0) return
  throw new UsageError(
    `'${old.folder}' and '${now.folder}' are of different machines (${differences.join('; ')}): figures in real time cannot be compared; run both on one, or compare runs in virtual time`,
  )
}

/** Exactly the same is only what began as the same. */
function refuseOtherWorld(pairs: readonly Pair[], old: Run, now: Run): void {
  if (pairs.every((pair) => pair.new.time === 'real')) return
  const said = ({ header }: Run) => [
    `--seed ${header.seed}`,
    header.worldText === undefined ? 'the default world' : `the world ${header.worldText}`,
  ]
  const other = said(now).findIndex((text, at) => text !== said(old)[at])
  if (other < 0) return
  throw new UsageError(
    `'${old.folder}' was run with ${said(old)[other]} and '${now.folder}' with ${said(now)[other]}: virtual time can be compared where that is the same`,
  )
}

/** That of the second run, but for what is no longer so. */
function headerOf(old: Run, now: Run, said: readonly string[], comparison: Comparison): RunHeader {
  const { plan: _, shard: __, notes: ___, ...header } = now.header
  return {
    ...header,
    rounds: Math.min(old.header.rounds, now.header.rounds),
    command: commandLine(),
    comparison,
    cells: comparison.pairs.map((pair) => pair.new),
    ...(said.length === 0 ? {} : { notes: [...said] }),
  }
}

function roundsNote(old: Run, now: Run): string[] {
  const [before, after] = [old.header.rounds, now.header.rounds]
  if (before === after) return []
  return [
    `'${old.folder}' has ${before} rounds and '${now.folder}' ${after}: those that both have are compared`,
  ]
}

/** What is in one of the folders only must not look as if it had been compared. */
function alone({ folder, header }: Run, pairs: readonly Pair[], side: 'old' | 'new'): string[] {
  const paired = new Set(pairs.map((pair) => cellKey(pair[side])))
  const others = header.cells.filter((cell) => !paired.has(cellKey(cell)))
  return others.map((cell) => `Not compared: ${labelOf(cell)}, of '${folder}' only`)
}
