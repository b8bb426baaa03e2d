/** One-way byte channels inside this process, for programs that watch descriptors of their own. Linux only. */
import { networkError } from './network-error.ts'
import { AF_UNIX } from './socket-address.ts'
import { ERRNO } from './socket-host.ts'
import { loadSyscalls } from './syscalls.ts'

const FLAGS = 0o2000000 | 0o4000 // O_CLOEXEC | O_NONBLOCK; sockets have the same
const SOCK_STREAM = 1

export type PipeKind = 'pipe' | 'socketpair'

/** A non-blocking pipe, or a pair of Unix sockets used like one. Throws `NetworkError` (code EPIPE, ...). */
export interface Pipe {
  /** What a selector watches; must be unwatched before it is closed. */
  readonly readFd: number
  readonly writeFd: number
  /** Bytes read: fewer than asked for where that was all; 0 at the end, −1 where there is nothing for now. */
  read(into: Uint8Array): number
  /** Bytes taken; 0 where it is full. */
  write(bytes: Uint8Array): number
  /** Not to be called where somebody else, such as a `net.Socket`, has taken the descriptor over. */
  closeReadEnd(): void
  closeWriteEnd(): void
}

/** Throws `NetworkError` (EMFILE, ...), and `UnavailableError` where there are no system calls to be had. */
export function openPipe(kind: PipeKind): Pipe {
  const sys = loadSyscalls()
  const fds = new Int32Array(2)
  const made = kind === 'pipe' ? sys.pipe2(fds, FLAGS) : sys.socketpair(AF_UNIX, SOCK_STREAM | FLAGS, 0, fds)
  if (made < 0) throw networkError(sys.errno(), `Cannot open a ${kind}`)
  const [readFd, writeFd] = fds as unknown as readonly [number, number]
  const counted = (count: number, whereNone: number, what: string): number => {
    if (count >= 0) return count
    const errno = sys.errno()
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return whereNone
    throw networkError(errno, `Cannot ${what} descriptor ${what === 'read' ? readFd : writeFd}`)
  }
  return {
    readFd,
    writeFd,
    read: (into) => counted(sys.read(readFd, into, into.length), -1, 'read'),
    write: (bytes) => counted(sys.write(writeFd, bytes, bytes.length), 0, 'write'),
    closeReadEnd: () => void sys.close(readFd),
    closeWriteEnd: () => void sys.close(writeFd),
  }
}
