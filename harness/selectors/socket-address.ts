/** `Address` to `sockaddr` and back, in the layout of Linux (no `sin_len`, ports big-endian). */
import { isIPv4, isIPv6 } from 'node:net'
import type { Address } from '../contracts.ts'
import { formatAddress, NetworkFailure } from './network-error.ts'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10

/** Room for `sockaddr_un`, the longest. */
export const SOCKADDR_BYTES = 110

const UNIX_PATH_AT = 2
const UNIX_PATH_BYTES = 108

/** 'localhost' as a literal. Names are not looked up: that would block the loop or need a thread. */
export function literalHost(address: { readonly host: string; readonly port: number }): string {
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host
  if (isIPv4(host) || (isIPv6(host) && !host.includes('%'))) return host
  throw new NetworkFailure(
    'ENOTFOUND',
    `Cannot resolve ${formatAddress(address)}: give an IPv4 or IPv6 address or localhost, names are not looked up`,
  )
}

/** An encoded address and its family. */
export interface SocketAddress {
  readonly family: number
  readonly bytes: Uint8Array
}

/** Throws `NetworkError` (ENOTFOUND, ENAMETOOLONG, EINVAL) where the address cannot be expressed. */
export function encodeAddress(address: Address): SocketAddress {
  if ('path' in address) return encodeUnix(address.path)
  const host = literalHost(address)
  checkPort(address.port)
  return isIPv4(host) ? encodeIPv4(host, address.port) : encodeIPv6(host, address.port)
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw new NetworkFailure('EINVAL', `Not a port: ${port}`)
}

function encodeUnix(path: string): SocketAddress {
  const encoded = Buffer.from(path)
  if (encoded.length === 0) throw new NetworkFailure('EINVAL', 'The path of a Unix socket is empty')
  if (encoded.length >= UNIX_PATH_BYTES) {
    throw new NetworkFailure('ENAMETOOLONG', `A Unix socket's path has at most 107 bytes: ${path}`)
  }
  const bytes = Buffer.alloc(UNIX_PATH_AT + encoded.length + 1)
  bytes.writeUInt16LE(AF_UNIX)
  encoded.copy(bytes, UNIX_PATH_AT)
  return { family: AF_UNIX, bytes }
}

function encodeIPv4(host: string, port: number): SocketAddress {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(AF_INET)
  bytes.writeUInt16BE(port, 2)
  bytes.set(host.split('.').map(Number), 4)
  return { family: AF_INET, bytes }
}

function encodeIPv6(host: string, port: number): SocketAddress {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt16LE(AF_INET6)
  bytes.writeUInt16BE(port, 2)
  ipv6Groups(host).forEach((group, i) => {
    bytes.writeUInt16BE(group, 8 + 2 * i)
  })
  return { family: AF_INET6, bytes }
}

/** The eight groups of a valid literal; `::` and a dotted tail are expanded. */
function ipv6Groups(host: string): number[] {
  const [head = '', tail] = host.split('::')
  const before = groupsOf(head)
  if (tail === undefined) return before
  const after = groupsOf(tail)
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return Number.parseInt(part, 16)
    const [a, b, c, d] = part.split('.').map(Number) as [number, number, number, number]
    return [a * 256 + b, c * 256 + d]
  })
}

/** What getsockname and getpeername filled in. */
export function decodeAddress(bytes: Uint8Array, length: number): Address {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  const family = length < 2 ? AF_UNIX : view.readUInt16LE()
  if (family === AF_UNIX) return { path: unixPath(view) }
  const port = view.readUInt16BE(2)
  if (family === AF_INET) return { host: view.subarray(4, 8).join('.'), port }
  return { host: formatIPv6(view.subarray(8, 24)), port }
}

/** Empty for a socket that is bound to no path, such as the connecting side. */
function unixPath(view: Buffer): string {
  const path = view.subarray(UNIX_PATH_AT)
  const end = path.indexOf(0)
  return path.toString('utf8', 0, end < 0 ? path.length : end)
}

/** The short form is the URL parser's work: it follows RFC 5952. */
function formatIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
