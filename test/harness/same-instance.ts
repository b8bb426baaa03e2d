/** Prints, for each policy file in the arguments, which parts of the API it got another instance of. */
import * as api from '../../harness/api.ts'
import { loadPlugin } from '../../harness/catalog.ts'

type Handed = { api: Record<string, unknown> }

const known: Record<string, unknown> = { ...api }
const different: Record<string, string[]> = {}
for (const path of process.argv.slice(2)) {
  const policy = await loadPlugin('policy', path)
  const handed = (policy.createQueue!({} as never) as unknown as Handed).api
  const names = Object.keys(handed).filter((name) => handed[name] !== known[name])
  different[policy.name] = names
}
process.stdout.write(JSON.stringify(different))
