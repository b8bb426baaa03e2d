import { defineScenario } from '../harness/api.ts'
import { publishMessages } from './queue/load.ts'
import { queueParams } from './queue/params.ts'
import { runConsumers } from './queue/serve.ts'

export default defineScenario({
  name: 'queue-consumer',
  summary:
    'Consumers of a broker that crash and get messages again: look at latency.payment.p99 and redelivered',
  params: queueParams,
  classes: {
    // Takes messages from the broker. Whoever does not get to it does not know what is urgent.
    consumer: { priority: 0, deadlineMs: 1 },
    payment: { priority: 1, deadlineMs: 20 },
    mail: { priority: 10, deadlineMs: 500 },
  },
  time: ['real', 'virtual'],
  serve: (loop, ctx) => runConsumers(loop, ctx),
  load: (loop, ctx) => publishMessages(loop, ctx),
})
