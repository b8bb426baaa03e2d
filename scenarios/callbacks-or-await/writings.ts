/** The workflow get → process → save → save again, written in the ways that are compared. */
import type { Coroutine, Loop, Task } from '../../harness/api.ts'
import { type AwaitableSteps, awaitable, type Item, type Job, type Steps } from './steps.ts'

/** Told once how a workflow ended. */
export interface Ending {
  finished(item: Item): void
  /** `place` names the code that caught it: as many places, as much to write and to forget. */
  caught(error: unknown, place: string): void
}

export interface Writing {
  readonly name: string
  readonly title: string
  /** It promises to catch every error. The others show what comes of it where that is forgotten. */
  readonly isCareful: boolean
  /** Starts the workflow; gives its task, where it has one. */
  start(loop: Loop, steps: Steps, job: Job, ending: Ending): Task | undefined
}

const callbacks: Writing = {
  name: 'callbacks',
  title: 'callbacks, checked',
  isCareful: true,
  start(_loop, { get, process, save }, { path, resultKey, logKey }, { finished, caught }) {
    get(path, (getError, body) => {
      if (getError !== undefined) return caught(getError, 'get')
      let item: Item
      // A try round the whole nest would be left long before this runs.
      try {
        item = process(body!)
      } catch (processError) {
        return caught(processError, 'process')
      }
      save(resultKey, item, (saveError) => {
        if (saveError !== undefined) return caught(saveError, 'save')
        save(logKey, item, (logError) => {
          if (logError !== undefined) return caught(logError, 'save again')
          finished(item)
        })
      })
    })
    return undefined
  },
}

const generator: Writing = {
  name: 'generator',
  title: 'generator, one try',
  isCareful: true,
  start(loop, steps, job, ending) {
    const futures = awaitable(loop, steps)
    return loop.spawn(() => generatorWorkflow(futures, job, ending)) as Task
  },
}

/** Not a closure: each closure of a generator function gives V8 another class of object to get to know. */
function* generatorWorkflow(
  { get, process, save }: AwaitableSteps,
  { path, resultKey, logKey }: Job,
  { finished, caught }: Ending,
): Coroutine<void> {
  try {
    const item = process(yield get(path))
    yield save(resultKey, item)
    yield save(logKey, item)
    finished(item)
  } catch (error) {
    caught(error, 'the one catch')
  }
}

const asyncAwait: Writing = {
  name: 'async',
  title: 'async, one try',
  isCareful: true,
  start(loop, steps, job, ending) {
    const futures = awaitable(loop, steps)
    return loop.spawn(() => asyncWorkflow(futures, job, ending)) as Task
  },
}

async function asyncWorkflow(
  { get, process, save }: AwaitableSteps,
  { path, resultKey, logKey }: Job,
  { finished, caught }: Ending,
): Promise<void> {
  try {
    const item = process(await get(path))
    await save(resultKey, item)
    await save(logKey, item)
    finished(item)
  } catch (error) {
    caught(error, 'the one catch')
  }
}

/** As the articles show it: nobody looks at the errors, and the one try is left before anything can fail. */
const uncheckedCallbacks: Writing = {
  name: 'callbacks-unchecked',
  title: 'callbacks, one try',
  isCareful: false,
  start(_loop, { get, process, save }, { path, resultKey, logKey }, { finished, caught }) {
    try {
      get(path, (_getError, body) => {
        const item = process(body!)
        save(resultKey, item, () => {
          save(logKey, item, () => finished(item))
        })
      })
    } catch (error) {
      caught(error, 'the one catch')
    }
    return undefined
  },
}

/** Started and forgotten: nobody ever looks at its task. */
const unawaitedAsync: Writing = {
  name: 'async-unawaited',
  title: 'async, not awaited',
  isCareful: false,
  start(loop, steps, { path, resultKey, logKey }, { finished }) {
    const { get, process, save } = awaitable(loop, steps)
    return loop.spawn(async function forgotten() {
      const item = process(await get(path))
      await save(resultKey, item)
      await save(logKey, item)
      finished(item)
    }) as Task
  },
}

export const WRITINGS: readonly Writing[] = [
  callbacks,
  generator,
  asyncAwait,
  uncheckedCallbacks,
  unawaitedAsync,
]
