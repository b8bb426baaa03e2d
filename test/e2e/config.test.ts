/** The config file, as the command line comes to it. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loopdyno } from './cli.ts'
import { readLines, temporaryFolder } from './folders.ts'

const FILE = 'loopdyno.config.ts'

test('what the command line leaves open is as the config says, and the rest by default', async () => {
  const cwd = temporaryFolder()
  const config = `{ policies: ['fifo'], scenarios: ['pipeline'], times: ['virtual'], set: { items: 10 },
    rounds: 2, seed: 8, reporters: ['json'] }`
  writeFileSync(
    join(cwd, FILE),
    `import { defineConfig } from 'loopdyno'\nexport default defineConfig(${config})`,
  )
  const { code, stderr } = await loopdyno(['run', '--seed', '5'], { cwd })
  expect(stderr).toContain(`Settings are those of ${FILE}, where no flag says otherwise\n`)
  expect(code).toBe(0)
  const { header } = readLines(join(cwd, 'loopdyno-report'))
  expect(header).toMatchObject({ seed: 5, rounds: 2, policies: ['fifo'] })
  expect(header.cells).toMatchObject([{ scenario: 'pipeline', time: 'virtual', params: { items: 10 } }])
})

test('a mistake in the config ends with 2 before anything is written', async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, FILE), 'export default { roundz: 2 }')
  const { code, stderr } = await loopdyno(['run'], { cwd })
  expect(stderr).toContain(`${FILE}: Unknown field 'roundz' (did you mean 'rounds'?): there are `)
  expect(code).toBe(2)
  expect(readdirSync(cwd)).toEqual([FILE])
})
