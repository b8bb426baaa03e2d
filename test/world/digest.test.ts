import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Handle } from '../../harness/contracts.ts'
import { DEFAULT_ATTRIBUTES } from '../../harness/loop/attributes.ts'
import { EventLog } from '../../harness/world/event-log.ts'
import { CANARIES } from '../policies/canaries.ts'
import { digestOf } from './digest-of.ts'

const JITI = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url))
const CHILD = fileURLToPath(new URL('digest-child.ts', import.meta.url))

async function digestElsewhere(policy: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [JITI, CHILD, policy])
  return stdout.trim()
}

describe('the digest of a run', () => {
  test('is the same when the run is repeated', async () => {
    expect(await digestOf('priority')).toBe(await digestOf('priority'))
  })

  test('is the same in another process', { timeout: 20_000 }, async () => {
    expect(await digestElsewhere('priority')).toBe(await digestOf('priority'))
  })

  test('changes with the order in which handles run', async () => {
    const digests = await Promise.all(['fifo', 'priority', 'priority:batch=4'].map(digestOf))
    expect(new Set(digests).size).toBe(3)
  })

  test('does not change by being watched', async () => {
    expect(await digestOf('timing:inner=priority')).toBe(await digestOf('priority'))
  })

  test('tells of a policy that does not repeat itself (canary)', async () => {
    expect(await digestOf(CANARIES.notDeterministic)).not.toBe(await digestOf(CANARIES.notDeterministic))
  })
})

interface Entry {
  readonly host?: number
  readonly name?: string
  readonly sequence?: number
  readonly startNs?: number
  readonly endNs?: number
}

function logOf(entries: readonly Entry[]): string {
  const log = new EventLog()
  for (const { host = 0, name = 'a', sequence = 0, startNs = 1, endNs = 2 } of entries) {
    const handle = { ...DEFAULT_ATTRIBUTES, name, sequence } as unknown as Handle
    log.observer(host).handleFinished!(handle, startNs, endNs)
  }
  return log.digest()
}

describe('the event log', () => {
  const plain = logOf([{}, {}])

  test.each<[string, Entry[]]>([
    ['host', [{}, { host: 1 }]],
    ['name', [{}, { name: 'b' }]],
    ['sequence', [{}, { sequence: 1 }]],
    ['start', [{}, { startNs: 1.5 }]],
    ['end', [{}, { endNs: 3 }]],
    ['number of handles', [{}]],
  ])('tells another %s apart', (_, entries) => {
    expect(logOf(entries)).not.toBe(plain)
  })

  test('tells the order of names apart', () => {
    expect(logOf([{ name: 'a' }, { name: 'b' }])).not.toBe(logOf([{ name: 'b' }, { name: 'a' }]))
  })

  test('loses nothing when its buffer is full', () => {
    const many = Array.from({ length: 10_000 }, (_, sequence) => ({ sequence }))
    expect(logOf(many)).toBe(logOf(many))
    expect(logOf(many)).not.toBe(logOf(many.map((each) => (each.sequence === 5 ? { sequence: 6 } : each))))
    expect(logOf(many)).not.toBe(logOf(many.slice(0, -1)))
  })
})
