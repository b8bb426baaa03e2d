import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Through the command line at length: every scenario with browsers, brokers and processes, the whole matrix, repeats. */
const THOROUGH = ['test/e2e/scenarios/**/*.test.ts', 'test/e2e/thorough/**/*.test.ts']

export default defineConfig({
  test: {
    // The owned loop drains microtasks itself and blocks its thread in epoll: a process each keeps suites apart.
    pool: 'forks',
    // All cores: most of the time goes into processes of the command line.
    maxWorkers: availableParallelism(),
    reporters: ['default', './test/plain-reporter.ts'],
    testTimeout: 20_000,
    // Sockets, processes and clocks of a machine that others use: what fails for their sake is named, and tried once more.
    retry: process.env.CI ? 1 : 0,
    slowTestThreshold: 250,
    projects: [
      { extends: true, test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: THOROUGH } },
      { extends: true, test: { name: 'thorough', include: THOROUGH } },
    ],
  },
})
