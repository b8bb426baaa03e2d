/** Where the workflow saves: LevelDB in real time, the loop's files in virtual time. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Loop, UnsupportedError } from '../../harness/api.ts'
import type { Done, Key } from './steps.ts'

export interface Store {
  save(key: Key, value: string, done: Done<void>): void
  /** What is stored under each key; `undefined` where there is nothing. */
  load(keys: readonly string[]): PromiseLike<(string | undefined)[]>
  close(): PromiseLike<void>
}

export type OpenStore = (loop: Loop) => PromiseLike<Store>

/** A real database does real I/O, which a world has not. */
export const openStore: OpenStore = async (loop) =>
  loop.clock.kind === 'real' ? openLevel(loop) : openFiles(loop)

// ------------------------------------------------------------------ LevelDB

/** Followed by the process it belongs to. */
const FOLDER_PREFIX = 'loopdyno-callbacks-or-await-'

/** A LevelDB in a temporary folder of its own, which `close` removes. Only its promises are Node's. */
export async function openLevel(loop: Loop): Promise<Store & { readonly folder: string }> {
  const { db, folder } = await loop.fromPromise(createLevel())
  return {
    folder,
    save(key, value, done) {
      const saved = loop.fromPromise(db.put(key as string, value))
      saved.addDoneCallback(() => done(saved.error() as Error | undefined))
    },
    load: (keys) => loop.fromPromise(db.getMany([...keys])),
    close: () => loop.fromPromise(db.close().finally(() => rm(folder, { recursive: true, force: true }))),
  }
}

async function createLevel() {
  await removeOrphans()
  const { ClassicLevel } = await loadLevel()
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`))
  const db = new ClassicLevel(folder)
  try {
    await db.open()
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return { db, folder }
}

/** Here and not above, so that only those who use it load it: it has no binary for some platforms. */
async function loadLevel() {
  try {
    return await import('classic-level')
  } catch (error) {
    throw new UnsupportedError(`LevelDB cannot be loaded here: ${(error as Error).message}`)
  }
}

/** A round that was killed cannot tidy up: the next one does it, for every folder whose process is gone. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX) || isAlive(Number.parseInt(name.slice(FOLDER_PREFIX.length), 10)))
      continue
    // Somebody else's cannot be removed, and another round may do the same at the same time.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

// ------------------------------------------------------------------ files of a world

function openFiles(loop: Loop): Store {
  const pathOf = (key: string) => `store/${key}`
  return {
    save(key, value, done) {
      if (key === null) {
        loop.callSoon(() => done(new TypeError('A key cannot be null')))
        return
      }
      const saved = loop.writeFile(pathOf(key), Buffer.from(value))
      saved.addDoneCallback(() => done(saved.error() as Error | undefined))
    },
    load: (keys) => loop.gather(keys.map((key) => () => readText(loop, pathOf(key)))),
    close: () => loop.yieldNow(),
  }
}

async function readText(loop: Loop, path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await loop.readFile(path)).toString()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
