import { defineScenario, type Loop, type ScenarioContext } from '../harness/api.ts'
import { Ledger } from './overload/ledger.ts'
import { type OverloadParams, overloadParams } from './overload/params.ts'
import { phasesOf, type Request, requestsIn, type Service } from './overload/requests.ts'
import { WaitingRoom } from './overload/waiting-room.ts'

export default defineScenario({
  name: 'overload',
  summary:
    'Twice what can be served comes for a while: look at goodput.overload, recovery, and the queue over time',
  params: overloadParams,
  classes: { urgent: { priority: 1 }, normal: { priority: 5 } },
  time: ['real', 'virtual'],

  main: (loop, ctx) => runOverload(loop, ctx),
})

/** The scenario; how requests wait can be replaced. */
export async function runOverload(
  loop: Loop,
  { params, random, meter, check }: ScenarioContext<OverloadParams>,
  makeRoom: (service: Service) => Pick<WaitingRoom, 'offer' | 'whenEmpty'> = (service) =>
    new WaitingRoom(service),
): Promise<void> {
  const phases = phasesOf(params, Math.ceil(loop.nowNs()))
  const ledger = new Ledger(phases, check)
  const bound = params.queue === 'unbounded' ? Number.POSITIVE_INFINITY : params.queue
  const serve = (request: Request) => {
    ledger.started(request)
    loop.work(request.serviceNs)
    const nowNs = loop.nowNs()
    ledger.answered(request, nowNs)
    meter.latency(request.className, nowNs - request.atNs)
    meter.operations()
  }
  const refuse = (request: Request) => ledger.dropped(request, loop.nowNs())
  const room = makeRoom({ loop, bound, drop: params.drop, serve, refuse })
  await loop.arrivals(requestsIn(phases, params, random), (request) => {
    ledger.came(request)
    room.offer(request)
    ledger.admitted()
  })
  const empty = loop.createFuture()
  room.whenEmpty(() => empty.setResult())
  await empty
  ledger.verify(bound)
  ledger.report(meter)
}
