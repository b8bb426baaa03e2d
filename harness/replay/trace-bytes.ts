/** The bytes of a trace, unpacked where they are gzip: the first bytes tell, since names are not always right. */
import { createReadStream, type ReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip, type Gunzip } from 'node:zlib'
import { messageOf, UsageError } from '../errors.ts'
import type { Place } from './trace-place.ts'

const CHUNK_BYTES = 2 ** 16
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** The file's size in bytes. Throws `UsageError` unless it is a file that can be read more than once. */
export async function traceSize(place: Place): Promise<number> {
  const found = await stat(place.path).catch((error) => {
    throw unreadable(error, place)
  })
  if (found.isDirectory()) throw place.fileMistake('This is a directory: name a trace file in it')
  if (!found.isFile())
    throw place.fileMistake('This is a pipe or a device, and a trace is read twice: save it to a file first')
  return found.size
}

/** Chunks of at most 64 KiB; `onRead` gets the bytes read from the file so far. Throws `UsageError`. */
export async function* traceBytes(place: Place, onRead?: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    const packed = await isGzip(place)
    const file = createReadStream(place.path, { highWaterMark: CHUNK_BYTES })
    for await (const chunk of packed ? unpacked(file) : file) {
      onRead?.(file.bytesRead)
      yield chunk
    }
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(error, place)
  }
}

async function isGzip(place: Place): Promise<boolean> {
  const file = await open(place.path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(GZIP_MAGIC.length), 0, GZIP_MAGIC.length, 0)
    const packed = buffer.equals(GZIP_MAGIC)
    if (!packed && bytesRead > 0 && /\.gz$/i.test(place.path))
      throw place.fileMistake('This is named .gz but is not gzip: rename it, or pack it with gzip')
    return packed
  } finally {
    await file.close()
  }
}

/** An error of the file ends the unpacking, and a reader that stops early closes the file. */
function unpacked(file: ReadStream): Gunzip {
  return pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => {})
}

const REASONS: Record<string, string> = {
  ENOENT: 'There is no such file: check the path',
  EACCES: 'This file may not be read: check its permissions',
  Z_BUF_ERROR: 'The gzip data ends too early: the file was cut off, so fetch or write it again',
}

function unreadable(error: unknown, place: Place): UsageError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code in REASONS) return place.fileMistake(REASONS[code]!)
  return code.startsWith('Z_')
    ? place.fileMistake(`The gzip data is damaged (${messageOf(error)}): fetch or write the file again`)
    : place.fileMistake(`This cannot be read: ${messageOf(error)}`)
}
