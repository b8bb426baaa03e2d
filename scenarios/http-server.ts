import { defineScenario, ms } from '../harness/api.ts'
import { offerLoad } from './http/load.ts'
import { httpParams } from './http/params.ts'
import { makeRoute } from './http/routes.ts'
import { HttpServer } from './http/server.ts'

export default defineScenario({
  name: 'http-server',
  summary: 'A keep-alive HTTP/1.1 server near saturation: look at latency.health.p99 against report',
  params: httpParams,
  classes: {
    health: { priority: 1, deadlineMs: 5 },
    api: { priority: 5 },
    report: { priority: 10 },
  },
  time: ['real', 'virtual'],

  async serve(loop, ctx) {
    const { headerTimeoutMs, idleTimeoutMs } = ctx.params
    const server = new HttpServer(loop, {
      route: makeRoute(loop, ctx.params),
      headerTimeoutNs: ms(headerTimeoutMs),
      idleTimeoutNs: ms(idleTimeoutMs),
    })
    const listener = loop.listen(ctx.address, server.serve, { name: 'connection' })
    ctx.ready(listener.address)
    await ctx.loadFinished
    listener.close()
    await server.shutDown()
    const { received, answered } = server
    ctx.check(received === answered, `The server received ${received} requests and answered ${answered}`)
  },

  load: offerLoad,
})
