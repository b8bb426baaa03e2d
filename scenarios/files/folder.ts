/** A folder of our own, gone when the process ends; what a killed one has left, the next one removes. */
import { existsSync, readlinkSync, rmSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Loop } from '../../harness/api.ts'

export interface Folder {
  readonly path: string
  remove(): PromiseLike<void>
  isThere(): boolean
}

/** `loopdyno-files-NAMESPACE-PID-RANDOM`: whose it is must be seen after its owner's end. */
const OURS = /^loopdyno-files-(\d+)-(\d+)-/
const ALL = { recursive: true, force: true }

/** In virtual time a path is just a name. */
export async function openFolder(loop: Loop): Promise<Folder> {
  if (loop.clock.kind === 'virtual') return { path: '/files', remove: async () => {}, isThere: () => false }
  const namespace = pidNamespace()
  await loop.fromPromise(removeLeft(tmpdir(), namespace))
  const path = await loop.fromPromise(mkdtemp(join(tmpdir(), `loopdyno-files-${namespace}-${process.pid}-`)))
  const removeAtExit = () => rmSync(path, ALL)
  process.on('exit', removeAtExit)
  const remove = () => {
    process.off('exit', removeAtExit)
    return loop.fromPromise(rm(path, ALL))
  }
  return { path, remove, isThere: () => existsSync(path) }
}

/** Removes the folders of processes that were killed. */
async function removeLeft(root: string, namespace: string): Promise<void> {
  for (const name of await readdir(root)) {
    const [, theirs, pid] = OURS.exec(name) ?? []
    if (theirs !== namespace || isAlive(Number(pid))) continue
    await rm(join(root, name), ALL).catch(() => {}) // another user's: it is his to remove
  }
}

/** Containers may share a folder for temporary files and yet count their processes each from 1. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return '0' // no such thing outside of Linux
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
