import pc from 'picocolors'
import { builtinNames, loadPlugin, type PluginKind } from '../catalog.ts'
import type { LoopPolicy, Scenario } from '../contracts.ts'
import { REAL_SELECTORS } from '../selectors/registry.ts'
import { describeSettings, type SettingDoc } from '../settings.ts'
import { worldModel } from '../world/model.ts'
import type { Command, Terminal } from './command.ts'

interface Entry {
  readonly name: string
  readonly summary: string
  readonly settings: readonly SettingDoc[]
  readonly time?: readonly string[]
}

const KINDS = { policies: 'policy', scenarios: 'scenario', reporters: 'reporter' } as const

/** What can be listed, in this order. */
const LISTS = [...Object.keys(KINDS), 'selectors', 'world']

const SELECTORS: Record<string, string> = {
  epoll: 'Linux epoll, edge-triggered: cost grows with what is ready, not with what is watched',
  poll: 'poll: cost grows with what is watched',
  select: 'select: as poll, and no descriptor above 1,023',
  libuv: "Node's own libuv: portable, timers of 1 ms",
  simulated: 'virtual time: deterministic, used by --time virtual',
}

export const list: Command = {
  name: 'list',
  describe: 'List policies, scenarios, selectors and reporters with their options',
  positionals: { what: { describe: 'Only these', choices: LISTS } },
  flags: { json: { type: 'boolean', describe: 'As JSON', default: false } },
  examples: [['$0 list scenarios', 'what there is to run, with parameters']],
  async run(args, terminal) {
    const wanted = args.what === undefined ? LISTS : [String(args.what)]
    const lists: Record<string, Entry[]> = {}
    for (const what of wanted) lists[what] = await entriesOf(what)
    if (args.json) terminal.out(`${JSON.stringify(lists, null, 2)}\n`)
    else for (const [what, entries] of Object.entries(lists)) print(what, entries, terminal)
    return 'fine'
  },
}

async function entriesOf(what: string): Promise<Entry[]> {
  if (what === 'selectors') {
    return [...REAL_SELECTORS, 'simulated'].map((name) => ({ name, summary: SELECTORS[name]!, settings: [] }))
  }
  if (what === 'world') {
    const summary = 'what simulated worlds are like: links, threads, files, costs (--world key=value)'
    return [{ name: 'world', summary, settings: describeSettings(worldModel) }]
  }
  const kind: PluginKind = KINDS[what as keyof typeof KINDS]
  const entries: Entry[] = []
  for (const name of builtinNames(kind)) entries.push(entryOf(await loadPlugin(kind, name)))
  return entries
}

function entryOf(plugin: { name: string; summary: string } & Partial<LoopPolicy> & Partial<Scenario>): Entry {
  const schema = plugin.options ?? plugin.params
  const { name, summary, time } = plugin
  return { name, summary, settings: schema === undefined ? [] : describeSettings(schema), time }
}

function print(what: string, entries: readonly Entry[], terminal: Terminal): void {
  const { bold, dim, cyan } = pc.createColors(terminal.color)
  terminal.out(`${bold(what[0]!.toUpperCase() + what.slice(1))}\n`)
  for (const { name, summary, settings, time } of entries) {
    terminal.out(
      `  ${cyan(name.padEnd(16))} ${summary}${time === undefined ? '' : dim(` [${time.join(', ')}]`)}\n`,
    )
    for (const { name: key, default: value, description } of settings) {
      terminal.out(`      ${`${key}=${String(value)}`.padEnd(26)} ${dim(description)}\n`)
    }
  }
  terminal.out('\n')
}
