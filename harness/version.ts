import { existsSync, readFileSync } from 'node:fs'

/** package.json stands one folder up from the sources and two up from the compiled files. */
function packageJson(): URL {
  const near = new URL('../package.json', import.meta.url)
  return existsSync(near) ? near : new URL('../../package.json', import.meta.url)
}

/** Our own version. */
export const VERSION: string = JSON.parse(readFileSync(packageJson(), 'utf8')).version
