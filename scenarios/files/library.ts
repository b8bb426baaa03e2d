/** Files that are written and read back again and again, a number of them at a time. */
import { type Loop, ms, type Random, Semaphore, us } from '../../harness/api.ts'
import type { Folder } from './folder.ts'
import type { Context, Parts } from './params.ts'

/** The process, or the machine, has no descriptor left for now. */
const SHORTAGES = ['EMFILE', 'ENFILE']
const RETRY_NS = ms(5)
const MOST_RETRIES = 200

export class Library {
  readonly #loop: Loop
  readonly #ctx: Context
  readonly #disk: Parts['disk']
  readonly #folder: Folder
  /** What each file holds last. */
  readonly #contents: Uint8Array[] = []
  readonly #counts = { written: 0, read: 0 }

  constructor(loop: Loop, ctx: Context, disk: Parts['disk'], folder: Folder) {
    this.#loop = loop
    this.#ctx = ctx
    this.#disk = disk
    this.#folder = folder
  }

  /** Writes each file as often as there are versions, and reads it back each time. */
  async fill(): Promise<void> {
    const { files, versions } = this.#ctx.params
    await this.#each((id, random) => this.#revise(id, random))
    const expected = files * versions
    const { written, read } = this.#counts
    this.#ctx.check(
      written === expected && read === expected,
      `Of ${expected} versions ${written} were written and ${read} read back`,
    )
    this.#ctx.meter.count('files.written', written)
  }

  /** Reads them all again: nobody else has changed them. */
  verify(): Promise<void> {
    return this.#each((id) => this.#read(id, 'at the end'))
  }

  async #each(work: (id: number, random: Random) => Promise<void>): Promise<void> {
    const { files, inFlight } = this.#ctx.params
    const places = new Semaphore(this.#loop, inFlight)
    await this.#loop.taskGroup(async (group) => {
      for (let id = 0; id < files; id++) {
        await places.acquire()
        const random = this.#ctx.random.fork(`file ${id}`)
        const task = group.spawn(() => work(id, random), { className: 'file', name: 'file' })
        task.addDoneCallback(() => places.release())
      }
    })
  }

  async #revise(id: number, random: Random): Promise<void> {
    const { versions, maxKiB } = this.#ctx.params
    for (let version = 0; version < versions; version++) {
      const bytes = Buffer.alloc(1 + random.integer(maxKiB * 1024), `file ${id} version ${version}\n`)
      this.#contents[id] = bytes
      await this.#timed('file.write', () => this.#disk.writeFile(this.#pathOf(id), bytes))
      this.#counts.written++
      await this.#read(id, `after version ${version} was written`)
      this.#counts.read++
    }
  }

  async #read(id: number, when: string): Promise<void> {
    const bytes = await this.#timed('file.read', () => this.#disk.readFile(this.#pathOf(id)))
    const expected = this.#contents[id]!
    this.#ctx.check(
      Buffer.compare(bytes, expected) === 0,
      `File ${id}, of ${expected.length} bytes, was read ${when} with other contents: ${bytes.length} bytes`,
    )
    this.#loop.work(us(this.#ctx.params.parseUs))
  }

  /** Tries again where descriptors run out; everything else is the caller's. */
  async #timed<T>(quantity: string, operation: () => PromiseLike<T>): Promise<T> {
    const startNs = this.#loop.nowNs()
    for (let retries = 0; ; retries++) {
      try {
        const value = await operation()
        this.#ctx.meter.duration(quantity, this.#loop.nowNs() - startNs)
        this.#ctx.meter.operations()
        return value
      } catch (error) {
        const { code = '' } = error as { code?: string }
        if (!SHORTAGES.includes(code) || retries === MOST_RETRIES) throw error
        this.#ctx.meter.count('files.retried')
        await this.#loop.sleep(RETRY_NS)
      }
    }
  }

  #pathOf(id: number): string {
    return `${this.#folder.path}/${id}.txt`
  }
}
