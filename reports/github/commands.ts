/** Workflow commands of GitHub Actions, and how many of them a step may give. */
import { counted } from '../tables/verdicts.ts'

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string
  /** Several lines. */
  readonly message: string
}

/** Of each level in one step; a job shows 50 in all (actions/toolkit, docs/problem-matchers.md). What is beyond is dropped without a word. */
export const PER_LEVEL = 10
/** A title of the checks API has 255 characters, a message 64 KB; nobody reads as much in a margin. */
const TITLE_MAX = 200
const MESSAGE_MAX = 4000

const LEVELS = ['error', 'warning', 'notice'] as const

/** As many as are shown, the last of each level saying how many are not. */
export function withinLimits(annotations: readonly Annotation[]): Annotation[] {
  return LEVELS.flatMap((level) => {
    const own = annotations.filter((annotation) => annotation.level === level)
    if (own.length <= PER_LEVEL) return own
    const shown = own.slice(0, PER_LEVEL - 1)
    const left = own.length - shown.length
    const message = `${counted(left, `more ${level}`)} not shown here: see the step summary, check.md or junit.xml`
    return [...shown, { level, title: `loopdyno: and ${counted(left, `more ${level}`)}`, message }]
  })
}

/** `::error title=…::…`, one line. */
export function commandLine({ level, title, message }: Annotation): string {
  return `::${level} title=${property(title.slice(0, TITLE_MAX))}::${data(message.slice(0, MESSAGE_MAX))}\n`
}

/** As the runner takes them apart: a percent sign begins an escape. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** Colon and comma end a property. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
