import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { builtinNames, loadPlugin } from '../../harness/catalog.ts'
import { readConfig } from '../../harness/config.ts'
import { quickVirtualScenarios } from '../scenarios/quick-sizes.ts'

const CONFIG = fileURLToPath(new URL('../own-check/loopdyno.config.ts', import.meta.url))

test('our own check is of every policy and scenario that has virtual time', async () => {
  const { policies, scenarios } = await readConfig(CONFIG)
  const managed: string[] = []
  for (const name of builtinNames('policy'))
    if (!(await loadPlugin('policy', name)).unmanaged) managed.push(name)
  expect([...policies!].sort()).toEqual(managed)
  expect([...scenarios!].sort()).toEqual((await quickVirtualScenarios()).map(({ name }) => name).sort())
})
