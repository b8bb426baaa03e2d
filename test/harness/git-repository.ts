/** Real git repositories in temporary folders. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'

/** Of this machine's settings nothing, and nothing of a hook that runs the tests. */
const ENVIRONMENT = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  ...{ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  ...{ GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' },
}

const all = realpathSync(mkdtempSync(join(tmpdir(), 'loopdyno-git-')))
afterAll(() => rmSync(all, { recursive: true, force: true }))

/** A folder that is removed when the tests of the file are done. */
export function temporary(): string {
  return mkdtempSync(join(all, 'folder-'))
}

export class TestRepository {
  readonly root: string

  constructor(root = join(temporary(), 'repo')) {
    this.root = root
    mkdirSync(root, { recursive: true })
    this.git('init', '--quiet', '--initial-branch=main')
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.root, env: ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' })
  }

  /** Returns the absolute path. */
  write(path: string, text: string): string {
    const absolute = join(this.root, path)
    mkdirSync(dirname(absolute), { recursive: true })
    writeFileSync(absolute, text)
    return absolute
  }

  /** Writes files and commits all there is. Returns the commit. */
  commit(files: Readonly<Record<string, string>> = {}): string {
    for (const [path, text] of Object.entries(files)) this.write(path, text)
    this.git('add', '--all')
    this.git('commit', '--quiet', '--message=change')
    return this.git('rev-parse', 'HEAD').trim()
  }

  /** Every file of the repository's own folder with its size and time: what a command leaves there shows. */
  traces(): string[] {
    return readdirSync(join(this.root, '.git'), { recursive: true, encoding: 'utf8' })
      .map((path) => ({ path, of: statSync(join(this.root, '.git', path)) }))
      .map(({ path, of }) => `${path} ${of.size} ${of.mtimeMs}`)
      .sort()
  }
}
