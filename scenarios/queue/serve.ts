import type { Loop, ScenarioContext, Stream } from '../../harness/api.ts'
import type { ConsumersSay, DriverSays } from './control.ts'
import { IdempotentLedger, type Ledger } from './ledger.ts'
import type { QueueParams } from './params.ts'
import { RedisSource } from './redis-source.ts'
import { type Subscribe, subscribeAt } from './subscription.ts'
import { Team } from './team.ts'
import { Wire } from './wire.ts'

type Context = ScenarioContext<QueueParams>

/** What a test may replace to break a promise. */
export interface Parts {
  makeLedger(): Ledger
  /** What consumers get in place of the subscription to the broker. */
  subscribing(subscribe: Subscribe): Subscribe
}

const PARTS: Parts = { makeLedger: () => new IdempotentLedger(), subscribing: (subscribe) => subscribe }

/** The consumers under test. They wait to be told where the broker is, and to be told that all is published. */
export async function runConsumers(loop: Loop, ctx: Context, parts: Partial<Parts> = {}): Promise<void> {
  const directed = (stream: Stream) => direct(loop, ctx, stream, { ...PARTS, ...parts })
  const listener = loop.listen(ctx.address, directed, { className: 'consumer', name: 'directions' })
  ctx.ready(listener.address)
  await ctx.loadFinished
  listener.close()
}

/** One run, as the publishing side directs it. */
async function direct(loop: Loop, ctx: Context, stream: Stream, parts: Parts): Promise<void> {
  const wire = new Wire<DriverSays>(stream)
  const there = await wire.receive()
  if (there === undefined || there.type === 'published') return
  const ledger = parts.makeLedger()
  if (there.type === 'redis') {
    const source = new RedisSource(loop, ctx.params, there, ({ id, className }) => {
      const says: ConsumersSay = { type: 'acknowledged', id, className }
      wire.send(says)
    })
    const { subscribe, buried } = source
    const team = new Team(loop, ctx, { subscribe: parts.subscribing(subscribe), ledger, buried })
    await play(team, wire, ctx, ledger, () => source.stop())
    await source.close()
    for (const complaint of source.complaints()) ctx.check(false, complaint)
    source.report(ctx.meter)
  } else {
    const subscribe = parts.subscribing(subscribeAt(loop, { host: there.host, port: there.port }))
    await play(new Team(loop, ctx, { subscribe, ledger }), wire, ctx, ledger, () => {})
  }
}

async function play(
  team: Team,
  wire: Wire<DriverSays>,
  ctx: Context,
  ledger: Ledger,
  stopSource: () => void,
): Promise<void> {
  team.start()
  const said = await wire.receive()
  team.stop()
  stopSource()
  await team.ended()
  if (said?.type === 'published' && said.settled) {
    for (const broken of complaintsAbout(ledger, said.count)) ctx.check(false, broken)
  }
  report(team, ctx)
  const says: ConsumersSay = { type: 'ended', effects: ledger.effects }
  wire.send(says)
}

/** What the ledger lacks, or has too often, of so many messages that are all acknowledged. */
export function* complaintsAbout(ledger: Ledger, published: number): Iterable<string> {
  const lost = Array.from({ length: published }, (_, id) => id).filter((id) => !ledger.has(id))
  if (lost.length > 0) {
    yield `${lost.length} messages were acknowledged and their effects are lost, the first of them ${lost[0]}`
  }
  const twice = ledger.effects - (published - lost.length)
  if (twice > 0) yield `${twice} effects were made twice`
}

function report(team: Team, { meter }: Context): void {
  meter.count('received', team.total('received'))
  meter.count('duplicates', team.total('duplicates'))
  meter.count('crashes', team.total('crashes'))
  meter.count('cutOff', team.total('cutOff'))
  const columns = ['lives', 'received', 'duplicates', 'crashes', 'cut off']
  meter.table({
    title: 'Consumers',
    columns: [{ name: 'consumer' }, ...columns.map((name) => ({ name, unit: 'count' as const }))],
    rows: team.members.map((each) => {
      const { name, lives, received, duplicates, crashes, cutOff } = each
      return [name, lives, received, duplicates, crashes, cutOff]
    }),
  })
}
