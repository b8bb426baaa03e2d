/**
 * The long run, of thousands of programs:
 *
 *     node --import jiti/register test/loop/differential/run.ts --programs 10000 --python python3.12,python3.13
 *
 * `--seed` names the first program, `--shown` how many that differ are made small and printed. Fails if any does.
 */
import { parseArgs } from 'node:util'
import { inspectPython, OLDEST } from '../pythons.ts'
import { type CampaignResult, runCampaign } from './campaign.ts'
import { ALWAYS, SINCE } from './divergences.ts'
import { describeDifference } from './report.ts'

const { values } = parseArgs({
  options: {
    programs: { type: 'string', default: '10000' },
    python: { type: 'string', default: 'python3' },
    seed: { type: 'string', default: '1' },
    shown: { type: 'string', default: '3' },
  },
})

function describe({ programs, tied, mismatches, handles, lines, uses }: CampaignResult): string {
  const inOrder = [...uses].sort(([, a], [, b]) => b - a)
  return [
    `${programs} programs, ${mismatches.length} mismatches (${tied} not compared: timers of equal time)`,
    `${handles} handles, ${lines} log lines compared`,
    `uses: ${inOrder.map(([op, count]) => `${op} ${count}`).join(', ')}`,
  ].join('\n  ')
}

function describeDivergences(): string {
  const since = Object.entries(SINCE).map(
    ([feature, { minor, reason }]) => `${feature}, from 3.${minor}: ${reason}`,
  )
  return [...since, ...ALWAYS.map(({ what, how }) => `${what} (${how})`)].join('\n  ')
}

console.log(`Differences that are meant:\n  ${describeDivergences()}`)
for (const command of values.python.split(',')) {
  const python = inspectPython(command)
  if (python === undefined || python.minor < OLDEST) {
    throw new Error(`${command} is no Python of 3.${OLDEST} or later: name others with --python`)
  }
  const [programs, seed, mismatchesMost] = [values.programs, values.seed, values.shown].map(Number)
  const result = await runCampaign({
    python,
    programs: programs!,
    seed: seed!,
    mismatchesMost: mismatchesMost!,
  })
  for (const mismatch of result.mismatches) console.log(describeDifference(mismatch))
  console.log(`Python 3.${python.minor}: ${describe(result)}`)
  if (result.mismatches.length > 0) process.exitCode = 1
}
