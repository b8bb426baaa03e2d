/** `summary.json`, and `check.json` where two sides were compared: the results for other programs. */
import type { Reporter } from '../harness/verdict/reporter.ts'
import { writeWhole } from './output/wholefile.ts'

const reporter: Reporter = {
  name: 'json',
  summary:
    'summary.json: every metric, finding and digest, for other programs; check.json: the verdict of a check',
  async write({ summary, check }, { directory }) {
    const json = (name: string, value: unknown) =>
      writeWhole(directory, name, `${JSON.stringify(value, null, 2)}\n`)
    return [json('summary.json', summary), ...(check === undefined ? [] : [json('check.json', check)])]
  },
}

export default reporter
