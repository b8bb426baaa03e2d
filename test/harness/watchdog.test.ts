import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startWatchdog } from '../../harness/measure/watchdog.ts'

const MS = 400

test('the watchdog names where a busy main thread is, and lives on: its end could abort the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loopdyno-watchdog-'))
  const path = join(folder, 'said')
  const limitMs = process.uptime() * 1000 + 2 * MS
  const watchdog = startWatchdog(limitMs, openSync(path, 'w'))!
  let ended = false
  watchdog.on('exit', () => {
    ended = true
  })
  const until = performance.now() + 3 * MS
  function neverReturns() {
    while (performance.now() < until);
  }
  neverReturns()
  await sleep(MS)
  expect(JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!)).toMatchObject({ kind: 'stuck' })
  expect(readFileSync(path, 'utf8')).toContain('neverReturns')
  expect(ended).toBe(false)
  await watchdog.terminate()
  rmSync(folder, { recursive: true })
})
