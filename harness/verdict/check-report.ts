/**
 * What a check comes to: the schema of `check.json`, and all that a reporter is told of it. Built from records alone.
 */
import { z } from 'zod'
import { cellSchema, comparisonSchema, environmentSchema } from '../records.ts'

export const CHECK_SCHEMA = 1

/** `failed`: a round of either side broke down, so that there is nothing to compare. */
export const VERDICTS = ['pass', 'improvement', 'inconclusive', 'regression', 'failed'] as const
const verdict = z.enum(VERDICTS)

const metricVerdict = z.object({
  metric: z.string(),
  unit: z.enum(['ns', 'ops/s', 'bytes', 'count', 'ratio']),
  better: z.enum(['lower', 'higher', 'neither']),
  /** `error` decides the verdict of its cell, `warn` is shown as a warning, `off` is reported only. */
  level: z.enum(['off', 'warn', 'error']),
  verdict,
  /** Medians over the rounds of each side. */
  old: z.number(),
  new: z.number(),
  /** How much worse the new side is, as a share: .05 is 5 % worse, −.05 better. Absent where the old value is 0. */
  worse: z.number().optional(),
  /** The 95 % bootstrap interval of `worse` over the rounds; real time only. */
  low: z.number().optional(),
  high: z.number().optional(),
  /** Of the first rounds, tested one-sided against the margin; gated metrics in real time only. */
  p: z.number().optional(),
  /** The same after Holm; where it was looked at again, that of both looks together. */
  adjustedP: z.number().optional(),
  /** Whether fresh rounds said so again; absent where there was nothing to confirm. */
  confirmed: z.boolean().optional(),
  /** From where on being worse fails, as a share. */
  threshold: z.number().optional(),
  /** The smallest `worse` that these rounds would have found with a power of 80 %. */
  detectable: z.number().optional(),
  /** How many more rounds would settle it, where it is inconclusive; absent where no sensible number would. */
  moreRounds: z.number().int().optional(),
})

const cellVerdict = z.object({
  /** Of the new side. */
  cell: cellSchema,
  /** Of the old side, where it is another: `compare -p old.ts -p new.ts`. */
  oldCell: cellSchema.optional(),
  /** Both sides ran the same code: what differs here is the machine's doing. It decides nothing. */
  control: z.boolean(),
  verdict,
  /** One sentence that says why. */
  reason: z.string(),
  /** Rounds of each side that were compared. */
  rounds: z.number().int(),
  /** Gated metrics first, each group by name. */
  metrics: z.array(metricVerdict),
  /** Virtual time only. */
  exact: z
    .object({
      /** Every event log is the same. */
      same: z.boolean(),
      oldDigest: z.string(),
      newDigest: z.string(),
      /** The first event that is not the same, or where it lies. */
      divergence: z.string().optional(),
    })
    .optional(),
})

export const checkSchema = z.object({
  schema: z.literal(CHECK_SCHEMA),
  /** That of the worst cell, but for `improvement`, which needs no cell to be worse. */
  verdict,
  /** One sentence: what a person is told first. */
  headline: z.string(),
  /** A signal ended it early: what is here is what there was. */
  complete: z.boolean(),
  comparison: comparisonSchema,
  environment: environmentSchema,
  command: z.string().optional(),
  seed: z.number(),
  rounds: z.number().int(),
  /** How many tests Holm's procedure went over. */
  family: z.number().int(),
  /** Why figures in real time are not to be trusted this time: the control cell moved. */
  contaminated: z.string().optional(),
  /** What else a person should know, a sentence each. */
  notes: z.array(z.string()),
  cells: z.array(cellVerdict),
})

export type Verdict = z.infer<typeof verdict>
export type MetricVerdict = z.infer<typeof metricVerdict>
export type CellVerdict = z.infer<typeof cellVerdict>
export type CheckReport = z.infer<typeof checkSchema>
