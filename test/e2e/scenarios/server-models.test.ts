import { describe, expect, test } from 'vitest'
import { Invocation } from '../cli.ts'
import { temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
let runs = 0

/** A round whose own processes are at work: beside those that the harness starts. */
async function inTheMiddle(scenario: string, started: number, sets: readonly string[]): Promise<Invocation> {
  const set = sets.flatMap((each) => ['--set', each])
  const args = ['run', '-s', scenario, '-p', 'fifo', '-r', '1', ...set, '--reporter', 'json']
  const run = new Invocation([...args, '--out', `out-${runs++}`], { cwd: folder })
  await run.until('its processes ran', () => run.children().length >= started)
  return run
}

/** Server, driver and two of four processes. */
const serving = () => inTheMiddle('server-models', 4, ['requests=4', 'rate=1000', 'waitMs=800'])
/** The round and its four processes. */
const computing = () => inTheMiddle('io-or-cpu', 5, ['ioMs=1500', 'jobs=4'])

describe.runIf(process.platform === 'linux')('processes that scenarios start', { timeout: 60_000 }, () => {
  test.concurrent.each([
    ['server-models', 'SIGTERM', serving],
    ['io-or-cpu', 'SIGTERM', computing],
    ['server-models', 'SIGKILL', serving],
  ] as const)('of %s are gone after %s', async (_, signal, start) => {
    const run = await start()
    run.signal(signal)
    expect((await run.ended).code).toBe(signal === 'SIGTERM' ? 143 : null)
    await run.gone()
  })
})
