/** `summary.json`: the run's results for other programs. */
import type { Reporter } from '../harness/verdict/reporter.ts'
import { writeWhole } from './output/wholefile.ts'

const reporter: Reporter = {
  name: 'json',
  summary: 'summary.json: every metric, finding and digest, for other programs',
  async write({ summary }, { directory }) {
    return [writeWhole(directory, 'summary.json', `${JSON.stringify(summary, null, 2)}\n`)]
  },
}

export default reporter
