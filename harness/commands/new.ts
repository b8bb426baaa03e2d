import { existsSync, writeFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { messageOf, UsageError } from '../errors.ts'
import type { Command } from './command.ts'

const policyTemplate = (name: string) => `/**
 * ${name}: say here what the policy's idea is, what it is good for, and what its known weakness is.
 */
import { batchOption, Deque, definePolicy, type Handle, turnLimitOf, z } from 'loopdyno'

export default definePolicy({
  name: '${name}',
  summary: 'last in, first out: one line that list shows',
  options: z.strictObject({
    // Every option has a default and a description. Written ${name}:batch=8 on the command line.
    batch: batchOption('snapshot'),
  }),
  createQueue({ options }) {
    // A handle tells all that may decide: priority (lower first), deadlineNs, className, weight, readyAtNs ...
    const ready = new Deque<Handle>()
    return {
      get size() {
        return ready.size
      },
      push: (handle) => ready.push(handle),
      shift: () => ready.pop(),
      turnLimit: () => turnLimitOf(options.batch, ready.size),
    }
  },
})
`

const scenarioTemplate = (name: string) => `/**
 * ${name}: say here what happens.
 */
import { defineScenario, ms, Queue, z } from 'loopdyno'

export default defineScenario({
  name: '${name}',
  summary: 'A worker serves two classes of jobs: look at latency.urgent.p99 against latency.bulk.p99',
  params: z.strictObject({
    jobs: z.number().int().min(1).max(1e6).default(200).describe('Jobs of each class'),
    workUs: z.number().min(0).max(1e6).default(200).describe('Processor time of a job, us'),
  }),
  classes: { urgent: { priority: 0, deadlineMs: 5 }, bulk: { priority: 10 } },
  time: ['real', 'virtual'],

  async main(loop, ctx) {
    const { jobs, workUs } = ctx.params
    const done = new Queue<string>(loop)
    for (let i = 0; i < jobs; i++) {
      for (const className of ['bulk', 'urgent']) {
        const arrivedNs = loop.nowNs()
        const job = async () => {
          loop.work(workUs * 1e3)
          ctx.meter.latency(className, loop.nowNs() - arrivedNs)
          ctx.meter.operations()
          done.putNowait(className)
        }
        loop.spawn(job, { name: className, className })
      }
      if (i % 10 === 9) await loop.sleep(ms(2))
    }
    for (let i = 0; i < 2 * jobs; i++) await done.get()
    ctx.check(done.size === 0, 'More jobs were done than were started')
  },
})
`

const TEMPLATES = { policy: policyTemplate, scenario: scenarioTemplate }

export const create: Command = {
  name: 'new',
  describe: 'Write a working policy or scenario to start from',
  positionals: {
    kind: { describe: 'What to write', required: true, choices: Object.keys(TEMPLATES) },
    name: { describe: 'Its name, in kebab-case', required: true },
  },
  flags: { dir: { type: 'string', describe: 'The folder to write it to', default: '.' } },
  examples: [
    ['$0 new policy my-policy && $0 run -p fifo,./my-policy.ts -s pipeline', 'write one, compare it'],
  ],
  async run(args, terminal) {
    const kind = args.kind as keyof typeof TEMPLATES
    const name = String(args.name)
    if (!/^[a-z][a-z0-9-]*$/.test(name))
      throw new UsageError(`'${name}' is not a name in kebab-case, such as my-${kind}`)
    const path = join(String(args.dir), `${name}.ts`)
    if (existsSync(path))
      throw new UsageError(`'${path}' exists already: choose another name or remove it first`)
    try {
      writeFileSync(path, TEMPLATES[kind](name), { flag: 'wx' })
    } catch (error) {
      throw new UsageError(`Cannot write '${path}': ${messageOf(error)}`)
    }
    const named = isAbsolute(path) ? path : `./${path}`
    const flags = kind === 'policy' ? `-p fifo,${named} -s pipeline` : `-p fifo,priority -s ${named}`
    terminal.out(`Wrote ${path}. Try it: npx loopdyno run ${flags}\n`)
    return 'fine'
  },
}
