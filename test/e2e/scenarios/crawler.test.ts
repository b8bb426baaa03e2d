import { describe, expect, test } from 'vitest'
import { Invocation, loopdyno } from '../cli.ts'
import { parseSummary, statuses, temporaryFolder } from '../folders.ts'

const folder = temporaryFolder()
const SMALL = ['sites=2', 'pages=3', 'badPages=1'].flatMap((setting) => ['--set', setting])

function args(out: string, ...more: string[]): string[] {
  return ['run', '-s', 'crawler', '--rounds', '1', '--json', '--reporter', 'json', '--out', out, ...more]
}

describe.runIf(process.platform === 'linux')('crawler', { timeout: 60_000 }, () => {
  test.concurrent('crawls what is broken on descriptors, on libuv and on Node', async () => {
    const selectors = ['--selector', 'epoll', '--selector', 'libuv']
    const policies = ['-p', 'lifo', '-p', 'node']
    const { stdout, code } = await loopdyno(args('real', ...policies, ...selectors, ...SMALL), {
      cwd: folder,
    })
    expect(statuses(parseSummary(stdout)).sort()).toEqual([
      'crawler epoll lifo: ok',
      'crawler libuv lifo: ok',
      'crawler libuv node: ok',
    ])
    expect(code).toBe(0)
  })

  test.concurrent('needs more attempts in a world that loses connections, and loses no page', async () => {
    const world = ['--time', 'virtual', '-p', 'fifo', '--world', 'loss=0.2', '--world', 'lossAfter=5ms']
    const settings = ['--set', 'retries=6', ...SMALL]
    const { stdout, code } = await loopdyno(args('lossy', ...world, ...settings), { cwd: folder })
    const [cell] = parseSummary(stdout).cells
    expect(code).toBe(0)
    // Of what hangs, trickles and truncates, all fail; the good ones and what is reset twice do not.
    expect(cell!.metrics).toMatchObject({ fetched: { value: 7 }, failed: { value: 3 } })
  })

  test.concurrent('leaves no process when it is terminated while its servers hang', async () => {
    const hanging = ['--set', 'timeoutMs=20000', '--set', 'pages=1', '--set', 'badPages=1']
    const crawl = new Invocation(args('killed', '-p', 'fifo', '--time', 'real', ...hanging), { cwd: folder })
    await crawl.until('both sides ran', () => crawl.children().length >= 2)
    crawl.signal('SIGTERM')
    expect((await crawl.ended).code).toBe(143)
    await crawl.gone()
  })
})
