import { defineScenario, type Loop, Queue } from '../harness/api.ts'
import { Background } from './user-interface/background.ts'
import { type Click, type EventQueue, Input } from './user-interface/input.ts'
import { Lanes } from './user-interface/lanes.ts'
import { type InterfaceContext, interfaceParams } from './user-interface/params.ts'
import { Screen } from './user-interface/screen.ts'

/** How many frames the picture of who has the loop is long. */
const PICTURED_FRAMES = 8

export default defineScenario({
  name: 'user-interface',
  summary:
    'Clicks and 60 frames a second beside background work: look at frames.missed and latency.input.p99',
  params: interfaceParams,
  // What a person does comes first, what a person sees next, and what nobody waits for last.
  classes: { input: { priority: 1 }, frame: { priority: 2 }, background: { priority: 10 } },
  time: ['real', 'virtual'],

  main: (loop, ctx) => runInterface(loop, ctx),
})

/** What a user interface is made of. */
export interface Parts {
  queue(loop: Loop): EventQueue
  screen(...args: ConstructorParameters<typeof Screen>): Screen
  background(...args: ConstructorParameters<typeof Background>): Background
}

export const PARTS: Parts = {
  queue: (loop) => new Queue<Click | undefined>(loop),
  screen: (...args) => new Screen(...args),
  background: (...args) => new Background(...args),
}

/** The scenario; each part can be replaced. */
export async function runInterface(loop: Loop, ctx: InterfaceContext, parts = PARTS): Promise<void> {
  const startNs = loop.nowNs()
  const lanes = new Lanes(startNs, (PICTURED_FRAMES * 1e9) / ctx.params.framesPerSecond)
  const screen = parts.screen(loop, ctx, lanes, startNs)
  let handled = 0
  const input = new Input(loop, ctx, parts.queue(loop), lanes, (click) => {
    handled++
    screen.willShow(click)
  })
  await loop.gather([
    loop.spawn(() => screen.run(), { className: 'frame', name: 'frame' }),
    loop.spawn(() => input.run(startNs, screen.endNs), { className: 'input', name: 'input' }),
    loop.spawn(() => parts.background(loop, ctx, lanes).run(screen.endNs), { name: 'background' }),
  ])
  screen.showRest()
  screen.report(handled)
  lanes.report(ctx.meter)
}
