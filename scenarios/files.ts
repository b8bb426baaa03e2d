import { defineScenario, type Loop, ms, us } from '../harness/api.ts'
import { openFolder } from './files/folder.ts'
import { Library } from './files/library.ts'
import { type Context, type Parts, params } from './files/params.ts'
import { Sensitive } from './files/sensitive.ts'

export default defineScenario({
  name: 'files',
  summary:
    'Many files are written and read beside sensitive work: look at latency.sensitive beside quiet.sensitive',
  params,
  classes: { sensitive: { priority: 0, deadlineMs: 5 }, file: { priority: 1, deadlineMs: 1000 } },
  time: ['real', 'virtual'],

  main: (loop, ctx) => runFiles(loop, ctx, { disk: loop, openFolder }),
})

/** The folder is removed whatever happens. */
export async function runFiles(loop: Loop, ctx: Context, parts: Parts): Promise<void> {
  const folder = await parts.openFolder(loop)
  try {
    await measure(loop, ctx, new Library(loop, ctx, parts.disk, folder))
  } finally {
    await folder.remove()
    ctx.check(!folder.isThere(), `The folder ${folder.path} is still there at the end`)
  }
}

async function measure(loop: Loop, ctx: Context, library: Library): Promise<void> {
  const { sensitivePerSecond, sensitiveUs, quietMs } = ctx.params
  const sensitive = new Sensitive(loop, ctx.random.fork('sensitive'), sensitivePerSecond, us(sensitiveUs))
  sensitive.start((ns) => ctx.meter.duration('quiet.sensitive', ns))
  try {
    await loop.sleep(ms(quietMs))
    sensitive.onDone = (ns) => ctx.meter.latency('sensitive', ns)
    await library.fill()
    await library.verify()
  } finally {
    await sensitive.stop()
  }
  const { arrived, served } = sensitive
  ctx.check(arrived === served, `Of ${arrived} sensitive arrivals ${served} were served`)
}
