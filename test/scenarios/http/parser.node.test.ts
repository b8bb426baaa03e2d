import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SAMPLES } from './messages.ts'

/** Node's verdict: the status of its answer, where the application answers 200 once a whole body has come. */
function askNode(port: number, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', (data) => {
      answer += data
    })
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])))
    socket.on('error', reject)
    // Half-closing ends a request that would wait for more: such a one is refused as well.
    socket.end(Buffer.from(text, 'latin1'))
  })
}

describe("the request parser beside Node's own server", () => {
  let server: Server

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.on('data', () => undefined).on('end', () => response.setHeader('Connection', 'close').end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterAll(() => {
    server.close()
  })

  test.each(SAMPLES.filter((sample) => sample.nodeDiffers === undefined))(
    'both judge $name alike',
    async (sample) => {
      const node = await askNode((server.address() as AddressInfo).port, sample.text)
      expect(node === 200, `Node answers ${node}, ours ${sample.status}`).toBe(sample.status === 200)
    },
  )
})
