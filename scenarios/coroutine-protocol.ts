import { defineScenario, type ScenarioContext, z } from '../harness/api.ts'
import {
  asyncConversation,
  checkConversations,
  conversation,
  driveByHand,
  driveByLoop,
  tellConversations,
} from './coroutine-protocol/conversation.ts'
import { measureCoroutineMemory } from './coroutine-protocol/memory.ts'
import { measureSwitches } from './coroutine-protocol/switches.ts'
import { measureThreadMemory, measureThreadSwitch } from './coroutine-protocol/threads.ts'

const params = z.object({
  switches: z
    .number()
    .int()
    .min(1000)
    .max(1e8)
    .default(200_000)
    .describe('Switches of each kind of coroutine'),
  coroutines: z
    .number()
    .int()
    .min(1000)
    .max(1e6)
    .default(10_000)
    .describe('Suspended coroutines of each kind'),
  handOvers: z.number().int().min(100).max(1e7).default(10_000).describe('Switches between two threads'),
  threads: z.number().int().min(1).max(256).default(8).describe('Threads asleep, to weigh one'),
})

export default defineScenario({
  name: 'coroutine-protocol',
  summary: 'Generators driven by hand and by the loop: look at switch.generator beside switch.thread',
  params,
  classes: {},
  time: ['real', 'virtual'],

  async main(loop, ctx) {
    const byHand = driveByHand(conversation)
    const generator = await driveByLoop(loop, conversation)
    checkConversations(ctx, byHand, { generator, async: await driveByLoop(loop, asyncConversation) })
    tellConversations(ctx, byHand, generator)
    // A world has neither threads nor memory, and its handles cost what it was told.
    if (loop.clock.kind === 'virtual') return
    const { switches, coroutines, handOvers, threads } = ctx.params
    // First, as long as nothing was freed that a thread could take.
    const threadBytes = await measureThreadMemory(loop, threads)
    ctx.meter.start()
    const costs = await measureSwitches(loop, ctx, switches)
    ctx.meter.stop()
    const thread = await measureThreadSwitch(loop, ctx, handOvers)
    const memory = await measureCoroutineMemory(loop, ctx, coroutines)
    report(ctx, { ...costs, thread }, { ...memory, thread: threadBytes })
  },
})

type Kind = 'byHand' | 'generator' | 'async' | 'thread'
type Figures = Readonly<Record<Kind, number>>

function report({ meter }: ScenarioContext, switches: Figures, memory: Figures): void {
  meter.value('switch.generator', switches.generator, 'ns', 'lower')
  meter.value('switch.async', switches.async, 'ns', 'lower')
  // Yardsticks: no policy has a hand in these.
  meter.value('switch.byHand', switches.byHand, 'ns', 'neither')
  meter.value('switch.thread', switches.thread, 'ns', 'neither')
  for (const [kind, bytes] of Object.entries(memory)) meter.value(`memory.${kind}`, bytes, 'bytes', 'lower')
  const rowOf = (title: string, kind: Kind) =>
    [title, switches[kind], memory[kind], Math.floor(GIGABYTE / memory[kind])] as const
  meter.table({
    title: 'What a switch costs, and what one that waits holds',
    columns: [
      { name: '' },
      { name: 'a switch', unit: 'ns' },
      { name: 'memory of one', unit: 'bytes' },
      { name: 'in a gigabyte', unit: 'count' },
    ],
    rows: [
      rowOf('generator, driven by hand', 'byHand'),
      rowOf('generator, a task of the loop', 'generator'),
      rowOf('async function, a task of the loop', 'async'),
      rowOf('worker thread', 'thread'),
    ],
  })
}

const GIGABYTE = 2 ** 30
