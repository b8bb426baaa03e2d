import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The owned loop drains microtasks itself and blocks its thread in epoll: a process each keeps suites apart.
    pool: 'forks',
    reporters: ['default', './test/plain-reporter.ts'],
    testTimeout: 20_000,
    slowTestThreshold: 250,
  },
})
