import type { TimeKind } from '../contracts.ts'
import type { CampaignProgress, PlannedRound } from '../measure/campaign.ts'
import type { Terminal } from './command.ts'

/** One line that tells how far a run is, on a terminal only. */
export class Progress {
  readonly #terminal: Terminal
  /** Real and virtual rounds take their own time each: when the first of a kind began, and how many were left then. */
  readonly #began = new Map<TimeKind, { readonly ms: number; readonly left: number }>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show({ total, left, running: [first, ...others] }: CampaignProgress): void {
    if (!this.#terminal.isInteractive || first === undefined) return
    const { time } = first.planned.cell
    if (!this.#began.has(time)) this.#began.set(time, { ms: performance.now(), left: left[time] })
    const done = total - left.real - left.virtual
    const more = others.length === 0 ? '' : `, and ${others.length} more`
    this.#write(`[${done}/${total}] ${nameOf(first)}${more}${this.#timeLeft(left, time)}`)
  }

  clear(): void {
    if (this.#terminal.isInteractive) this.#write('')
  }

  /** As the rounds so far went; a kind that has not begun is taken to go as the one that runs. */
  #timeLeft(left: CampaignProgress['left'], runs: TimeKind): string {
    const now = this.#msPerRound(runs, left)
    if (now === undefined) return ''
    const each = (time: TimeKind) => this.#msPerRound(time, left) ?? now
    const seconds = (left.real * each('real') + left.virtual * each('virtual')) / 1000
    return ` · ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`} left`
  }

  #msPerRound(time: TimeKind, left: CampaignProgress['left']): number | undefined {
    const began = this.#began.get(time)
    const ended = (began?.left ?? 0) - left[time]
    return began === undefined || ended === 0 ? undefined : (performance.now() - began.ms) / ended
  }

  #write(text: string): void {
    this.#terminal.err(`\r\x1b[2K${text.slice(0, this.#terminal.width - 1)}`)
  }
}

function nameOf({ planned: { cell }, round }: PlannedRound): string {
  const how = cell.time === 'virtual' ? 'virtual' : cell.selector
  return `${cell.scenario} · ${cell.policy} · ${how} · round ${round + 1}`
}
