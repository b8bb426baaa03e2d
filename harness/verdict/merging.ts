/** Shards put together to the run that they are parts of. Pure: their records in, the records of the whole run out. */
import { UsageError } from '../errors.ts'
import {
  type Cell,
  type Comparison,
  cellKey,
  type Environment,
  type RoundRecord,
  type RunHeader,
  type RunRecords,
  sideKey,
} from '../records.ts'

/** Which part of a run: the `index`-th of `count`, from 1 on. */
export interface ShardNumber {
  readonly index: number
  readonly count: number
}

/** The records of one shard, from the folder `name`. */
export interface ShardRecords extends RunRecords {
  readonly name: string
  /** The last record was cut off. */
  readonly truncated: boolean
}

type Shard = ShardRecords & {
  readonly header: RunHeader & { readonly shard: NonNullable<RunHeader['shard']> }
}

/** Whole cells, dealt out in turn: every shard gets some of each scenario. */
export function cellsOfShard<T>(cells: readonly T[], { index, count }: ShardNumber): T[] {
  return cells.filter((_, place) => place % count === index - 1)
}

/**
 * The records of the whole run, as one machine would have made them; the environment is the first shard's. Throws
 * `UsageError` where these are not all shards of one run, each complete: it names the folder and what is wrong.
 */
export function mergeShards(parts: readonly ShardRecords[]): RunRecords {
  const shards = parts.map(asShard)
  for (const shard of shards) checkSameRun(shards[0]!, shard)
  const inOrder = checkAllThere(shards)
  for (const shard of inOrder) checkComplete(shard)
  const header = mergedHeader(inOrder.map((shard) => shard.header))
  return { header, rounds: sortedRounds(header.cells, inOrder) }
}

function asShard(part: ShardRecords): Shard {
  const { header, name } = part
  if (header.shard === undefined)
    throw new UsageError(`'${name}' is no shard: it was run without --shard, and is whole already`)
  return { ...part, header: { ...header, shard: header.shard } }
}

function checkSameRun(first: Shard, shard: Shard): void {
  const difference = differenceOf(shard.header, first.header)
  if (difference !== undefined)
    throw new UsageError(`'${shard.name}' is of another run than '${first.name}': it has ${difference}`)
}

function differenceOf(own: Shard['header'], other: Shard['header']): string | undefined {
  const [check, otherCheck] = [own, other].map(({ comparison }) => comparison !== undefined)
  if (check !== otherCheck) return check ? 'two sides, as a check has' : 'one side, as a run has, not two'
  const compared = [
    ['--shard .../', own.shard.count, other.shard.count],
    ['--rounds ', own.rounds, other.rounds],
    ['--seed ', own.seed, other.seed],
    ['loopdyno ', own.environment.loopdyno, other.environment.loopdyno],
    ['the world ', own.worldText ?? 'by default', other.worldText ?? 'by default'],
  ] as const
  const differing = compared.find(([, mine, theirs]) => mine !== theirs)
  if (differing !== undefined) return `${differing[0]}${differing[1]}, not ${differing[2]}`
  const [cells, others] = [own, other].map(({ shard }) => JSON.stringify(shard.cells.map(cellKey)))
  if (cells !== others) return 'other policies, scenarios, parameters or selectors'
  const field = differingField(own.comparison, other.comparison)
  if (field !== undefined) return otherField(field, own.comparison!, other.comparison!)
  return own.plan === other.plan ? undefined : 'other contents in the files of its policies or scenarios'
}

/** What is not the same in two comparisons, but for the cells that they are of. */
function differingField(own?: Comparison, other?: Comparison): keyof Comparison | undefined {
  const fields = Object.keys({ ...own, ...other }) as (keyof Comparison)[]
  return fields.find(
    (field) => field !== 'pairs' && JSON.stringify(own?.[field]) !== JSON.stringify(other?.[field]),
  )
}

function otherField(field: keyof Comparison, own: Comparison, other: Comparison): string {
  if (field === 'old' || field === 'new') {
    const [mine, theirs] = [own[field].label, other[field].label]
    return `other code on the ${field} side (${mine}${mine === theirs ? '' : `, not ${theirs}`})`
  }
  const [mine, theirs] = [own[field], other[field]].map((value) => JSON.stringify(value) ?? 'none')
  return field === 'rules'
    ? 'other rules (--max, or those of a config file)'
    : `${field} ${mine}, not ${theirs}`
}

/** In the order of their numbers. */
function checkAllThere(shards: readonly Shard[]): Shard[] {
  const byIndex = new Map<number, Shard>()
  const { count } = shards[0]!.header.shard
  for (const shard of shards) {
    const { index } = shard.header.shard
    const same = byIndex.get(index)
    if (same !== undefined)
      throw new UsageError(`'${same.name}' and '${shard.name}' are both shard ${index}/${count}: give one`)
    byIndex.set(index, shard)
  }
  return Array.from({ length: count }, (_, place) => {
    const shard = byIndex.get(place + 1)
    if (shard === undefined)
      throw new UsageError(`Shard ${place + 1}/${count} is missing: give the folders of all ${count} shards`)
    return shard
  })
}

/** All rounds of every cell, but for those after one that broke down. The old side of a comparison may be a baseline's. */
function checkComplete({ name, header, rounds, truncated }: Shard): void {
  const command = header.command ?? 'its command line'
  const remedy =
    header.comparison === undefined ? `finish it: ${command} --resume` : `run it again: ${command}`
  if (truncated) throw new UsageError(`The last record in '${name}' was cut off: ${remedy}`)
  const first = rounds.filter(
    ({ arm, stage, control }) => arm !== 'old' && stage === undefined && control === undefined,
  )
  const byCell = grouped(first, ({ cell }) => cellKey(cell))
  for (const cell of cellsOfShard(header.shard.cells, header.shard)) {
    const wanted = (cell.time === 'virtual' ? header.comparison?.virtualRounds : undefined) ?? header.rounds
    const own = byCell.get(cellKey(cell)) ?? []
    if (own.some(({ status }) => status !== 'ok')) continue
    const { size } = new Set(own.map(({ round }) => round))
    if (size >= wanted) continue
    const what = `${cell.scenario} · ${cell.policy} · ${cell.time === 'virtual' ? 'virtual' : cell.selector}`
    throw new UsageError(`'${name}' has ${size} of ${wanted} rounds of ${what}: ${remedy}`)
  }
}

function grouped(
  rounds: readonly RoundRecord[],
  keyOf: (round: RoundRecord) => string,
): Map<string, RoundRecord[]> {
  const groups = new Map<string, RoundRecord[]>()
  for (const round of rounds) {
    const group = groups.get(keyOf(round))
    if (group === undefined) groups.set(keyOf(round), [round])
    else group.push(round)
  }
  return groups
}

function mergedHeader(headers: readonly Shard['header'][]): RunHeader {
  const { shard, plan: _, ...first } = headers[0]!
  const notes = [...new Set(headers.flatMap((header) => header.notes ?? []))]
  const { comparison } = first
  return {
    ...first,
    ...(comparison === undefined ? {} : { comparison: { ...comparison, pairs: mergedPairs(headers) } }),
    startedAt: headers.map(({ startedAt }) => startedAt).sort()[0]!,
    ...(first.command === undefined ? {} : { command: first.command.replace(/ --shard[ =]\S+/g, '') }),
    cells: shard.cells,
    ...(notes.length === 0 ? {} : { notes }),
  }
}

/** In the order of the whole plan, and after them the control of each shard that has one. */
function mergedPairs(headers: readonly Shard['header'][]): Comparison['pairs'] {
  const all = headers.flatMap(({ comparison }) => comparison?.pairs ?? [])
  const places = placesOf(headers[0]!.shard.cells)
  const placeOf = (pair: Comparison['pairs'][number]) => places.get(cellKey(pair.new)) ?? places.size
  const own = all.filter(({ control }) => control === undefined)
  const controls = all.filter(({ control }) => control !== undefined)
  return [...own.sort((a, b) => placeOf(a) - placeOf(b)), ...controls]
}

function placesOf(cells: readonly Cell[]): Map<string, number> {
  return new Map(cells.map((cell, place) => [cellKey(cell), place]))
}

/** By cell and round. Where a round was run again (`--resume`), its last record counts. */
function sortedRounds(cells: readonly Cell[], shards: readonly Shard[]): RoundRecord[] {
  const places = placesOf(cells)
  const latest = new Map<string, RoundRecord>()
  for (const round of shards.flatMap(({ rounds }) => rounds))
    latest.set(`${sideKey(round)} ${round.round}`, round)
  const order = ({ cell, round, arm, stage, control = 0 }: RoundRecord) =>
    [
      control,
      places.get(cellKey(cell)) ?? cells.length,
      stage === undefined ? 0 : 1,
      round,
      arm === 'new' ? 1 : 0,
    ] as const
  const keyed = [...latest.values()].map((round) => ({ round, key: order(round) }))
  keyed.sort((a, b) => a.key.map((own, at) => own - b.key[at]!).find((difference) => difference !== 0) ?? 0)
  return keyed.map(({ round }) => round)
}

const MACHINE = ['platform', 'arch', 'cpu', 'cores', 'node'] as const satisfies readonly (keyof Environment)[]

/** In what the machines differ on which real rounds ran: their figures are not to be held against one another. */
export function machineDifferences(parts: readonly RunRecords[]): string[] {
  const real = parts.filter(({ rounds }) => rounds.some(({ cell }) => cell.time === 'real'))
  return MACHINE.flatMap((name) => {
    const values = [...new Set(real.map(({ header }) => header.environment[name]))]
    return values.length > 1 ? [`${name} ${values.join(' and ')}`] : []
  })
}
