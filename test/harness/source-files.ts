/** Looks into source files: what they import, whether they go round in circles, what they read from outside. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Import {
  /** The importing file and the imported one, from the root; a package keeps its name. */
  readonly from: string
  readonly to: string
  /** `import type`: gone at run time. */
  readonly type: boolean
}

export type Files = ReadonlyMap<string, string>

export function readAll(folders: readonly string[]): Files {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
  )
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

/** Statements begin their line here (biome sees to that); `import()` may stand anywhere. */
const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'/g

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

export function importsOf(from: string, text: string): Import[] {
  const code = withoutComments(text)
  const target = (name: string) => (name.startsWith('.') ? normalize(join(dirname(from), name)) : name)
  return [
    ...[...code.matchAll(STATEMENT)].map(([, type, name]) => ({
      from,
      to: target(name!),
      type: type !== undefined,
    })),
    ...[...code.matchAll(DYNAMIC)].map(([, name]) => ({ from, to: target(name!), type: false })),
  ]
}

/** Imports of our own files. */
export function internalImports(files: Files): Import[] {
  return [...files].flatMap(([path, text]) => importsOf(path, text)).filter(({ to }) => /\.tsx?$/.test(to))
}

/** What the files under a folder may import besides one another. A name that ends in `/` is a folder. */
export interface Rule {
  readonly folder: string
  readonly may: readonly string[]
  /** With `import type` as well. */
  readonly mayAsType?: readonly string[]
  /** Files with leave to do more, and why. */
  readonly except?: Readonly<Record<string, readonly string[]>>
}

function permits(rule: Rule, { from, to, type }: Import): boolean {
  const allowed = [
    rule.folder,
    ...rule.may,
    ...(type ? (rule.mayAsType ?? []) : []),
    ...(rule.except?.[from] ?? []),
  ]
  return allowed.some((each) => (each.endsWith('/') ? to.startsWith(each) : to === each))
}

export function violations(imports: readonly Import[], rules: readonly Rule[]): string[] {
  return imports.flatMap((each) =>
    rules
      .filter((rule) => each.from.startsWith(rule.folder) && !permits(rule, each))
      .map((rule) => `${each.from} imports ${each.to}: not for ${rule.folder}`),
  )
}

// ------------------------------------------------------------------ cycles

/** Groups of files that import one another, directly or in a ring (Tarjan's strongly connected components). */
export function cycles(imports: readonly Import[]): string[][] {
  const next = byImporter(imports)
  const order = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (file: string): number => {
    const index = order.size
    order.set(file, index)
    stack.push(file)
    let lowest = index
    for (const { to } of next.get(file) ?? []) {
      if (!order.has(to)) lowest = Math.min(lowest, visit(to))
      else if (stack.includes(to)) lowest = Math.min(lowest, order.get(to)!)
    }
    if (lowest === index) {
      const group = stack.splice(stack.indexOf(file))
      if (group.length > 1 || next.get(file)?.some(({ to }) => to === file)) found.push(group.toSorted())
    }
    return lowest
  }
  for (const file of next.keys()) if (!order.has(file)) visit(file)
  return found
}

function byImporter(imports: readonly Import[]): Map<string, Import[]> {
  const groups = new Map<string, Import[]>()
  for (const each of imports) {
    const group = groups.get(each.from)
    if (group === undefined) groups.set(each.from, [each])
    else group.push(each)
  }
  return groups
}

// ------------------------------------------------------------------ what stands in a file

const AMBIENT_USE =
  /\b(Date\.now|performance\.now|Math\.random|process\.hrtime(\.bigint)?)\s*\(|\bnew Date\(\s*\)/

export function usesAmbient(text: string): boolean {
  return AMBIENT_USE.test(withoutComments(text))
}

/** A file that only hands on what others export. */
export function isBarrel(text: string): boolean {
  const rest = withoutComments(text).replace(/^export\s+(type\s+)?[*{][^;'"]*?from\s+'[^']+'$/gm, '')
  return /from\s+'/.test(text) && rest.trim() === ''
}

export const VAGUE_NAME = /^(utils?|helpers?|common|types|misc|shared|index)\.[cm]?tsx?$/
