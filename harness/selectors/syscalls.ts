/**
 * The system calls of the owned selectors, through koffi (about 0.1 µs a call on top of the call itself).
 *
 * Everything here is lazy: importing this file never fails, `loadSyscalls` throws `UnavailableError` where the
 * platform or the FFI is missing. Only Linux is bound: macOS has poll and select, but other constants, another
 * sockaddr and no accept4, and `libuv` serves there.
 */
import { createRequire } from 'node:module'
import type { LibraryHandle } from 'koffi'
import { messageOf, UnavailableError } from '../errors.ts'

type Bytes = Uint8Array | Int32Array | Uint32Array
type Koffi = typeof import('koffi')

/** Calls return −1 on failure; the reason is then in `errno()`, to be read before anything else happens. */
export interface Syscalls {
  errno(): number
  epoll_create1(flags: number): number
  epoll_ctl(epfd: number, op: number, fd: number, event: Bytes | null): number
  epoll_wait(epfd: number, events: Bytes, maxEvents: number, timeoutMs: number): number
  /** A `null` time-out is for ever. Fails with ENOSYS before Linux 5.11. */
  epoll_pwait2(epfd: number, events: Bytes, maxEvents: number, timeout: Bytes | null, sigmask: null): number
  ppoll(fds: Bytes, count: number, timeout: Bytes | null, sigmask: null): number
  pselect(nfds: number, r: Bytes, w: Bytes, x: null, timeout: Bytes | null, sigmask: null): number
  eventfd(initial: number, flags: number): number
  pipe2(fds: Int32Array, flags: number): number
  socket(domain: number, type: number, protocol: number): number
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number
  bind(fd: number, address: Bytes, length: number): number
  listen(fd: number, backlog: number): number
  accept4(fd: number, address: null, length: null, flags: number): number
  connect(fd: number, address: Bytes, length: number): number
  recv(fd: number, into: Bytes, length: number, flags: number): number
  send(fd: number, from: Bytes, length: number, flags: number): number
  read(fd: number, into: Bytes, length: number): number
  write(fd: number, from: Bytes, length: number): number
  shutdown(fd: number, how: number): number
  close(fd: number): number
  getsockopt(fd: number, level: number, name: number, value: Int32Array, length: Int32Array): number
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number
  getsockname(fd: number, address: Bytes, length: Int32Array): number
  getpeername(fd: number, address: Bytes, length: Int32Array): number
  getrlimit(resource: number, limit: Uint32Array): number
  prctl(option: number, a: number, b: number, c: number, d: number): number
  getppid(): number
}

const PROTOTYPES = [
  'int epoll_create1(int)',
  'int epoll_ctl(int, int, int, void *)',
  'int epoll_wait(int, void *, int, int)',
  'int ppoll(void *, ulong, void *, void *)',
  'int pselect(int, void *, void *, void *, void *, void *)',
  'int eventfd(uint, int)',
  'int pipe2(void *, int)',
  'int socket(int, int, int)',
  'int socketpair(int, int, int, void *)',
  'int bind(int, void *, uint)',
  'int listen(int, int)',
  'int accept4(int, void *, void *, int)',
  'int connect(int, void *, uint)',
  'int recv(int, void *, size_t, int)',
  'int send(int, void *, size_t, int)',
  'int read(int, void *, size_t)',
  'int write(int, void *, size_t)',
  'int shutdown(int, int)',
  'int close(int)',
  'int getsockopt(int, int, int, void *, void *)',
  'int setsockopt(int, int, int, void *, uint)',
  'int getsockname(int, void *, void *)',
  'int getpeername(int, void *, void *)',
  'int getrlimit(int, void *)',
  'int prctl(int, ulong, ulong, ulong, ulong)',
  'int getppid()',
] as const

/** The same number on every architecture. */
const SYS_EPOLL_PWAIT2 = 441

/** Little-endian, 64-bit and with the generic constants: what the struct layouts below assume. */
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64']

let loaded: Syscalls | undefined
let failure: UnavailableError | undefined

/** The bindings, loaded at the first call. Throws `UnavailableError`, the same each time, where there are none. */
export function loadSyscalls(): Syscalls {
  if (failure !== undefined) throw failure
  try {
    loaded ??= bindAll()
    return loaded
  } catch (error) {
    failure = error instanceof UnavailableError ? error : new UnavailableError(messageOf(error))
    throw failure
  }
}

/** Why the owned selectors cannot be had here; `undefined` where they can. */
export function unavailableReason(): string | undefined {
  try {
    loadSyscalls()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function bindAll(): Syscalls {
  const { platform, arch } = process
  if (platform !== 'linux')
    throw new UnavailableError(`Needs Linux, this is ${platform}: use the selector libuv`)
  if (!ARCHITECTURES.includes(arch)) {
    throw new UnavailableError(`Struct layouts are known for ${ARCHITECTURES.join(', ')}, this is ${arch}`)
  }
  const koffi = loadKoffi()
  // The process itself, not libc.so.6: the same on glibc and musl, and never a second copy.
  const library = koffi.load(null)
  const bound: Record<string, unknown> = {}
  for (const prototype of PROTOTYPES) bound[nameIn(prototype)] = library.func(prototype)
  bound.epoll_pwait2 = bindEpollPwait2(library)
  return { ...(bound as unknown as Syscalls), errno: () => koffi.errno() }
}

function loadKoffi(): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi
  } catch (error) {
    throw new UnavailableError(`Needs the package koffi, which does not load: ${messageOf(error)}`)
  }
}

function nameIn(prototype: string): string {
  return prototype.slice('int '.length, prototype.indexOf('('))
}

/** glibc has the wrapper since 2.35, musl has none; a kernel too old for it answers ENOSYS either way. */
function bindEpollPwait2(library: LibraryHandle): Syscalls['epoll_pwait2'] {
  try {
    return library.func('int epoll_pwait2(int, void *, int, void *, void *)')
  } catch {
    const syscall = library.func('long syscall(long, int, void *, int, void *, void *, size_t)')
    return (epfd, events, maxEvents, timeout, sigmask) =>
      syscall(SYS_EPOLL_PWAIT2, epfd, events, maxEvents, timeout, sigmask, 8)
  }
}

/** 34 years: what "for ever" may be rounded to, small enough for the lower half of `tv_sec`. */
const LONGEST_WAIT_NS = 1e18

/**
 * Fills a `struct timespec` (two 64-bit little-endian words) and returns it, or `null` for "for ever".
 * Rounds up: a wait must never end early.
 */
export function fillTimespec(timespec: Uint32Array, timeoutNs: number): Uint32Array | null {
  if (timeoutNs === Number.POSITIVE_INFINITY) return null
  const ns = Math.ceil(Math.min(Math.max(timeoutNs, 0), LONGEST_WAIT_NS))
  const seconds = Math.floor(ns / 1e9)
  timespec[0] = seconds
  timespec[2] = ns - seconds * 1e9
  return timespec
}

/** The process's limit of open descriptors (RLIMIT_NOFILE, soft). */
export function descriptorLimit(): number {
  const limit = new Uint32Array(4)
  loadSyscalls().getrlimit(7, limit)
  return limit[1] === 0 ? limit[0]! : Number.POSITIVE_INFINITY
}

/**
 * Has the kernel kill this process when its parent dies, so that no child outlives a killed run. Where there are no
 * system calls nothing is done: the caller has its standard input, which ends with the parent.
 */
export function dieWithParent(): void {
  const PR_SET_PDEATHSIG = 1
  const SIGKILL = 9
  if (unavailableReason() !== undefined) return
  loadSyscalls().prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
}
