/** Many programs against one Python: what was compared, what was covered, and the first that differ, made small. */
import type { Python } from '../pythons.ts'
import { type Compared, compare } from './compare.ts'
import { generateProgram } from './generate.ts'
import { Oracle } from './oracle.ts'
import { opsByNumber } from './printer.ts'
import type { Op } from './program.ts'
import { shrink } from './shrink.ts'
import type { Sabotage } from './stage.ts'

export interface CampaignOptions {
  readonly python: Python
  readonly programs: number
  /** Of the first program; the others follow. */
  readonly seed: number
  /** Stops after this many that differ. */
  readonly mismatchesMost?: number
  readonly sabotage?: Sabotage
}

export interface CampaignResult {
  readonly programs: number
  /** Not compared: timers of equal time met. */
  readonly tied: number
  /** Made small. */
  readonly mismatches: Compared[]
  /** Of our side. */
  readonly handles: number
  /** Log lines compared. */
  readonly lines: number
  /** Lines that each operation has written: how often it was done. */
  readonly uses: ReadonlyMap<Op, number>
}

/** Programs a question to Python. */
const BATCH = 50

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { programs, mismatchesMost = 1 } = options
  const oracle = new Oracle(options.python)
  const result = { programs: 0, tied: 0, mismatches: [] as Compared[], handles: 0, lines: 0, uses: new Map() }
  try {
    while (result.programs < programs && result.mismatches.length < mismatchesMost) {
      const batch = Array.from({ length: Math.min(BATCH, programs - result.programs) }, (_, i) =>
        generateProgram(options.seed + result.programs + i, options.python.minor),
      )
      for (const compared of await compare(batch, oracle, options.sabotage)) {
        tally(compared, result)
        if (compared.differsAt === undefined || result.mismatches.length >= mismatchesMost) continue
        result.mismatches.push(await smallest(compared, oracle, options.sabotage))
      }
    }
  } finally {
    oracle.close()
  }
  return result
}

type Tally = { -readonly [key in keyof CampaignResult]: CampaignResult[key] } & { uses: Map<Op, number> }

function tally({ program, ours, handles, tied }: Compared, result: Tally): void {
  result.programs++
  result.handles += handles
  if (tied) result.tied++
  else result.lines += ours.length
  const ops = opsByNumber(program)
  for (const line of ours) {
    const op = ops[Number(/#(\d+)/.exec(line)![1])]
    if (op !== undefined) result.uses.set(op, (result.uses.get(op) ?? 0) + 1)
  }
}

async function smallest({ program }: Compared, oracle: Oracle, sabotage?: Sabotage): Promise<Compared> {
  const small = await shrink(program, async (programs) => {
    const compared = await compare(programs, oracle, sabotage)
    const index = compared.findIndex(({ differsAt }) => differsAt !== undefined)
    return index < 0 ? undefined : index
  })
  return (await compare([small], oracle, sabotage))[0]!
}
