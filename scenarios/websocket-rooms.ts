import { defineScenario, type Loop, type ScenarioContext } from '../harness/api.ts'
import { offerMessages } from './websocket/load.ts'
import type { OutboxFactory } from './websocket/outbox.ts'
import { type RoomParams, roomParams } from './websocket/params.ts'
import { RoomServer } from './websocket/server.ts'

export default defineScenario({
  name: 'websocket-rooms',
  summary: 'Publish and subscribe, some too slow: look at latency.alert.p99 against chat, and at dropped',
  params: roomParams,
  classes: {
    // Reads and parses. Whoever does not get to it does not know what is urgent.
    connection: { priority: 0, deadlineMs: 1 },
    alert: { priority: 1, deadlineMs: 10 },
    chat: { priority: 10, deadlineMs: 200 },
  },
  time: ['real', 'virtual'],
  serve: (loop, ctx) => serveRooms(loop, ctx),
  load: offerMessages,
})

/** The server under test; with an outbox that a test may replace. */
export async function serveRooms(
  loop: Loop,
  ctx: ScenarioContext<RoomParams>,
  makeOutbox?: OutboxFactory,
): Promise<void> {
  const server = new RoomServer(loop, ctx.params, makeOutbox)
  const listener = loop.listen(ctx.address, server.serve, { className: 'connection', name: 'connection' })
  ctx.ready(listener.address)
  await ctx.loadFinished
  listener.close()
  await server.shutDown()
  for (const broken of server.broken()) ctx.check(false, broken)
  server.report(ctx.meter)
}
