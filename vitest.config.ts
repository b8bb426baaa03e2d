import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Every scenario through the command line, with browsers, brokers and processes: a minute of its own. */
const SCENARIOS = ['test/e2e/scenarios/**/*.test.ts']

export default defineConfig({
  test: {
    // The owned loop drains microtasks itself and blocks its thread in epoll: a process each keeps suites apart.
    pool: 'forks',
    // All cores: most of the time goes into processes of the command line.
    maxWorkers: availableParallelism(),
    reporters: ['default', './test/plain-reporter.ts'],
    testTimeout: 20_000,
    slowTestThreshold: 250,
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: SCENARIOS } },
      { extends: true, test: { name: 'scenarios', include: SCENARIOS } },
    ],
  },
})
