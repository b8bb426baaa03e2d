/** What only an operating system shows: paths, address families, descriptors. For the real selectors. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { type Bench, type Check, connectPair, connectPeer, echo, failureOf, settle, until } from './bench.ts'
import { anyPath } from './real-bench.ts'

export async function unixSocketsCarryBytes(bench: Bench): Promise<void> {
  const address = anyPath()
  const { listener, client, server } = await connectPair(bench, address)
  assert.deepEqual(listener.address, address)
  assert.deepEqual(client.transport.remoteAddress, address)
  client.transport.write(Buffer.from('over a path'))
  await until(bench, () => server.text === 'over a path')
  assert.throws(() => bench.network.listen(address, () => {}), { code: 'EADDRINUSE' })
  listener.close()
  assert.equal(existsSync((address as { path: string }).path), false, 'the socket file stays behind')
}

export async function aMissingPathHasACode(bench: Bench): Promise<void> {
  const error = await failureOf(bench, { path: '/nonexistent/loopdyno.sock' })
  assert.equal(error.code, 'ENOENT')
}

export async function ipv6Works(bench: Bench): Promise<void> {
  const loopback = Object.values(networkInterfaces()).flat()
  if (!loopback.some((each) => each?.address === '::1')) return
  const { listener, client, server } = await connectPair(bench, { host: '::1', port: 0 })
  assert.equal((listener.address as { host: string }).host, '::1')
  client.transport.write(Buffer.from('six'))
  await until(bench, () => server.text === 'six')
}

export async function bothSidesAgreeOnTheirAddresses(bench: Bench): Promise<void> {
  const { listener, client, server } = await connectPair(bench, { host: 'localhost', port: 0 })
  assert.deepEqual(client.transport.remoteAddress, listener.address)
  assert.deepEqual(server.transport.localAddress, listener.address)
  assert.deepEqual(server.transport.remoteAddress, client.transport.localAddress)
}

export async function namesAreNotLookedUp(bench: Bench): Promise<void> {
  const address = { host: 'loopdyno.invalid', port: 80 }
  const error = await failureOf(bench, address)
  assert.equal(error.code, 'ENOTFOUND')
  assert.match(error.message, /not looked up/)
  assert.throws(() => bench.network.listen(address, () => {}), { code: 'ENOTFOUND' })
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** All the ways in which a descriptor can be left behind; also those still in use when the selector is closed. */
export async function noDescriptorIsLeftBehind(bench: Bench): Promise<void> {
  await connectPair(bench)
  const before = descriptors()
  const { client, server, listener } = await connectPair(bench)
  client.transport.reset()
  listener.close()
  await failureOf(bench, listener.address)
  bench.network.connect(bench.address(), () => {})()
  const other = bench.network.listen(bench.address(), echo)
  assert.throws(() => bench.network.listen(other.address, () => {}))
  connectPeer(bench, other.address, (peer) => peer.transport.close())
  await until(bench, () => client.closes === 1 && server.closes === 1)
  other.close()
  await settle(bench, 50)
  assert.equal(descriptors(), before)
}

/** Every real selector must pass these; one sentence each. */
export const SYSTEM_CHECKS: Readonly<Record<string, Check>> = {
  'Unix sockets carry bytes and their file goes': unixSocketsCarryBytes,
  'a path without a server has the code ENOENT': aMissingPathHasACode,
  'IPv6 works where there is any': ipv6Works,
  'both sides agree on their addresses': bothSidesAgreeOnTheirAddresses,
  'names are refused, not looked up': namesAreNotLookedUp,
  'no descriptor is left behind': noDescriptorIsLeftBehind,
}
