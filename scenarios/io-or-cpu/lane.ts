import type { TimelineSpan } from '../../harness/api.ts'
import type { Served } from './latency.ts'

/** One lane for all requests: running while one is answered, waiting while others have come and none is. */
export function laneOf(served: readonly Served[], originNs: number): TimelineSpan[] {
  const edges = served
    .flatMap(({ arrivedNs, startNs, endNs }) => [
      { atNs: arrivedNs, open: 1, running: 0 },
      { atNs: startNs, open: 0, running: 1 },
      { atNs: endNs, open: -1, running: -1 },
    ])
    .sort((a, b) => a.atNs - b.atNs)
  const spans: { kind: TimelineSpan['kind']; startNs: number; endNs: number }[] = []
  let [open, running] = [0, 0]
  for (const [index, edge] of edges.entries()) {
    open += edge.open
    running += edge.running
    const endNs = edges[index + 1]?.atNs
    if (open === 0 || endNs === undefined || endNs === edge.atNs) continue
    const kind = running > 0 ? 'running' : 'waiting'
    const last = spans.at(-1)
    if (last?.kind === kind && last.endNs === edge.atNs - originNs) last.endNs = endNs - originNs
    else spans.push({ kind, startNs: edge.atNs - originNs, endNs: endNs - originNs })
  }
  return spans
}
