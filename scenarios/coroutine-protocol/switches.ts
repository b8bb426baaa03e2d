/** What it costs to go from one coroutine to the next. */
import type { Coroutine, Loop, ScenarioContext } from '../../harness/api.ts'
import { costSoFarNs, mediansInTurn, shareInTurn } from '../callbacks-or-await/in-turn.ts'

/** Coroutines that take turns. */
const WIDE = 100
/** Gives control away `times` times, and calls `passed` before each. */
export interface Passers {
  generator(times: number, passed: () => void): Coroutine<void>
  async(loop: Loop, times: number, passed: () => void): Promise<void>
}

export const PASSERS: Passers = {
  *generator(times, passed) {
    for (let i = 0; i < times; i++) {
      passed()
      yield
    }
  },
  async async(loop, times, passed) {
    for (let i = 0; i < times; i++) {
      passed()
      await loop.yieldNow()
    }
  },
}

/** Processor time of a switch, ns, by way of driving. */
export interface SwitchCosts {
  readonly byHand: number
  readonly generator: number
  readonly async: number
}

export async function measureSwitches(
  loop: Loop,
  ctx: ScenarioContext,
  switches: number,
  { generator, async: asyncPasser }: Passers = PASSERS,
): Promise<SwitchCosts> {
  const times = Math.ceil(shareInTurn(switches) / WIDE)
  const timed = (name: string, drive: Drive) => () => timeOf(loop, ctx, name, times, drive)
  const [byHand, generatorTask, asyncTask] = await mediansInTurn([
    timed('the generator by hand', async (passed) => driveByHand(generator, times, passed)),
    timed('the generator task', (passed) => loop.gather(ring(() => () => generator(times, passed)))),
    timed('the async task', (passed) => loop.gather(ring(() => () => asyncPasser(loop, times, passed)))),
  ])
  return { byHand: byHand!, generator: generatorTask!, async: asyncTask! }
}

/** Lets `WIDE` coroutines give control away, and calls `passed` for each time. */
type Drive = (passed: () => void) => PromiseLike<unknown>

async function timeOf(
  loop: Loop,
  ctx: ScenarioContext,
  name: string,
  times: number,
  drive: Drive,
): Promise<number> {
  let passes = 0
  const startNs = costSoFarNs(loop)
  await drive(() => {
    passes++
  })
  const ns = (costSoFarNs(loop) - startNs) / (times * WIDE)
  ctx.check(passes === times * WIDE, `Of ${times * WIDE} switches of ${name} ${passes} were made`)
  return ns
}

function driveByHand(body: Passers['generator'], times: number, passed: () => void): void {
  const generators = ring(() => body(times, passed))
  for (let i = 0; i <= times; i++) {
    for (const generator of generators) generator.next()
  }
}

function ring<T>(make: () => T): T[] {
  return Array.from({ length: WIDE }, make)
}
