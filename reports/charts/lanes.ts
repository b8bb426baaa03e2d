/**
 * Who ran and who waited when: the picture that tells concurrency models apart. Of one policy, as the pictures of all
 * would look alike: what differs between the blocks is the model.
 */
import { formatDuration, timeUnit } from '../../harness/format.ts'
import type { RecordedTimeline } from '../../harness/records.ts'
import type { Group, Member } from '../../harness/verdict/groups.ts'
import { captionOf, chartId, drawable, subtitleOf } from './caption.ts'
import type { ChartSpec, LaneBlock } from './spec.ts'

/** With more lanes in a block, the first of them are drawn. */
const LANES_MAX = 12

interface Recorded {
  readonly member: Member
  /** Counted from 1. */
  readonly round: number
  readonly timelines: readonly RecordedTimeline[]
}

export function laneCharts(group: Group, variant: number): ChartSpec[] {
  const recorded = drawable(group).flatMap(recordedBy)
  const [shown] = recorded
  if (shown === undefined) return []
  return shown.timelines
    .filter((timeline) => endOf(timeline.blocks.flatMap(({ lanes }) => lanes)) > 0)
    .map((timeline) => chartOf(group, variant, timeline, shown, recorded.length))
}

/** From its first round that went well. */
function recordedBy(member: Member): Recorded[] {
  const first = member.rounds.find((round) => round.status === 'ok')
  if (first === undefined || first.timelines.length === 0) return []
  return [{ member, round: first.round + 1, timelines: first.timelines }]
}

type RecordedLanes = RecordedTimeline['blocks'][number]['lanes']

function endOf(lanes: RecordedLanes): number {
  return lanes.reduce((end, { spans }) => spans.reduce((last, { endNs }) => Math.max(last, endNs), end), 0)
}

function chartOf(
  group: Group,
  variant: number,
  { title: subject, blocks }: RecordedTimeline,
  { member, round }: Recorded,
  policies: number,
): ChartSpec {
  const time = timeUnit(endOf(blocks.flatMap(({ lanes }) => lanes)))
  const most = Math.max(...blocks.map(({ lanes }) => lanes.length))
  const drawn = blocks.map((block) => blockOf(block, time.ns))
  const title = captionOf(group, subject.toLowerCase())
  const rounds = member.rounds.length === 1 ? '' : `, round ${round}, its first that went well`
  return {
    id: chartId(group, variant, subject),
    title,
    subtitle: subtitleOf(group, [
      `policy ${member.policy}${rounds}`,
      ...(policies > 1 ? ['those of the other policies are in records.jsonl'] : []),
      ...(most > LANES_MAX ? [`the first ${LANES_MAX} of up to ${most} lanes`] : []),
    ]),
    alt: `${title}. ${drawn.map(({ name, total }) => `${name}: ${total}`).join('; ')}.`,
    drawing: {
      kind: 'lanes',
      x: { title: `time since the block began (${time.name})`, unit: 'count', scale: 'linear' },
      blocks: drawn,
    },
    series: [{ policy: member.policy, policyIndex: member.policyIndex, points: [] }],
  }
}

/** The total is that of all lanes, drawn or not. */
function blockOf({ name, lanes }: RecordedTimeline['blocks'][number], unitNs: number): LaneBlock {
  return {
    name,
    total: formatDuration(endOf(lanes)),
    lanes: lanes.slice(0, LANES_MAX).map((lane) => ({
      name: lane.name,
      spans: lane.spans.map(({ kind, startNs, endNs }) => ({
        kind,
        from: startNs / unitNs,
        to: endNs / unitNs,
      })),
    })),
  }
}
