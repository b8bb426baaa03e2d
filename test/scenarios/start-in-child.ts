import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { StartServer } from './http-server.conformance.ts'

const jiti = fileURLToPath(new URL('../../node_modules/jiti/lib/jiti-cli.mjs', import.meta.url))
const child = fileURLToPath(new URL('serve-child.ts', import.meta.url))

/** Starts `http-server` in a process of its own, on an owned loop. */
export const startInChild: StartServer = async (params) => {
  const server = spawn(process.execPath, [jiti, child, JSON.stringify(params)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(server, 'exit')
  const failed = exited.then(([code]) => Promise.reject(new Error(`The server did not start: ${code}`)))
  const [line] = await Promise.race([once(server.stdout, 'data'), failed])
  failed.catch(() => {}) // from now on its end is `stop`'s affair
  const [port, control] = String(line).split(' ').map(Number)
  return {
    port: port!,
    stop: async () => {
      connect(control!, '127.0.0.1').on('error', () => {}) // only that it was made matters
      const [code] = await exited
      if (code !== 0) throw new Error(`The server ended with ${code}`)
    },
  }
}
