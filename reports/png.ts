/** `charts/*.png`: percentiles, figures over time, queue waits and single figures, for papers, issues and chats. */
import type { Reporter } from '../harness/verdict/reporter.ts'
import { allCharts } from './charts/charts.ts'
import { writeCharts } from './output/chartfiles.ts'

const reporter: Reporter = {
  name: 'png',
  summary:
    'charts/*.png: latency by percentile, queues over time, waits and throughput, a curve or bar a policy',
  async write(report, { directory }) {
    return writeCharts(allCharts(report), directory)
  },
}

export default reporter
