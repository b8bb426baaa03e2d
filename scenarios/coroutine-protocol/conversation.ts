/** One coroutine, driven by hand and by the loop: it must hear the same. */
import type { Coroutine, Future, Loop, ScenarioContext, Task } from '../../harness/api.ts'

/** Gives what the coroutine hands out at a suspension: by hand the question itself, on the loop a future. */
export type Ask = (question: string) => unknown
export type Hear = (what: string) => void
/** Asks four questions; the driver answers with a value, an error and a value, and stops it at the fourth. */
export type Conversation = (ask: Ask, hear: Hear) => Coroutine<void> | Promise<void>

export function* conversation(ask: Ask, hear: Hear): Coroutine<void> {
  try {
    hear('begins')
    hear(`is given ${yield ask('first')}`)
    try {
      hear(`is given ${yield ask('second')}`)
    } catch (error) {
      hear(`catches ${(error as Error).message}`)
    }
    hear(`is given ${yield ask('third')}`)
    yield ask('fourth')
    hear('was not stopped')
  } finally {
    hear('tidies up')
  }
}

/** The same, word for word, where the language keeps the coroutine. */
export async function asyncConversation(ask: Ask, hear: Hear): Promise<void> {
  try {
    hear('begins')
    hear(`is given ${await ask('first')}`)
    try {
      hear(`is given ${await ask('second')}`)
    } catch (error) {
      hear(`catches ${(error as Error).message}`)
    }
    hear(`is given ${await ask('third')}`)
    await ask('fourth')
    hear('was not stopped')
  } finally {
    hear('tidies up')
  }
}

/** One act of a driver: what came back of it, and what the coroutine heard meanwhile. */
export interface Act {
  readonly name: string
  readonly gives: string
  readonly heard: string
}

/** What the language promises of a generator that is driven by hand. */
const PROMISED: readonly Act[] = [
  { name: 'next()', gives: 'yields first', heard: 'begins' },
  { name: "next('one')", gives: 'yields second', heard: 'is given one' },
  { name: "throw('two')", gives: 'yields third', heard: 'catches two' },
  { name: "next('three')", gives: 'yields fourth', heard: 'is given three' },
  { name: "return('enough')", gives: 'is done: enough', heard: 'tidies up' },
  { name: 'next()', gives: 'is done: undefined', heard: 'nothing' },
]

// ------------------------------------------------------------------ by hand

export function driveByHand(body: typeof conversation): Act[] {
  const ears = new Ears()
  const generator = body((question) => question, ears.hear)
  const act = (name: string, does: () => IteratorResult<unknown, unknown>): Act => {
    const gives = outcomeOf(does)
    return { name, gives, heard: ears.take() }
  }
  return [
    act('next()', () => generator.next()),
    act("next('one')", () => generator.next('one')),
    act("throw('two')", () => generator.throw(new Error('two'))),
    act("next('three')", () => generator.next('three')),
    act("return('enough')", () => generator.return('enough' as never)),
    act('next()', () => generator.next()),
  ]
}

function outcomeOf(does: () => IteratorResult<unknown, unknown>): string {
  try {
    const { done, value } = does()
    return `${done ? 'is done:' : 'yields'} ${value}`
  } catch (error) {
    return `throws ${(error as Error).message}`
  }
}

// ------------------------------------------------------------------ by the loop

/** The loop calls next and throw; who answers completes futures, and stops the coroutine by cancelling its task. */
export async function driveByLoop(loop: Loop, body: Conversation): Promise<Act[]> {
  const ears = new Ears()
  let asked = loop.createFuture<Question | undefined>()
  const ask = (question: string) => {
    const answer = loop.createFuture<string>()
    asked.setResult({ question, answer })
    return answer
  }
  const task = loop.spawn(() => body(ask, ears.hear), { name: 'conversation' }) as Task
  task.addDoneCallback(() => asked.done || asked.setResult(undefined))
  let question: Question | undefined
  const act = async (name: string, does: (answer: Future<string>) => void): Promise<Act> => {
    if (question !== undefined) {
      asked = loop.createFuture()
      does(question.answer)
    }
    question = await asked
    return {
      name,
      gives: question === undefined ? endOf(task) : `yields ${question.question}`,
      heard: ears.take(),
    }
  }
  return [
    await act('spawn', () => {}),
    await act("setResult('one')", (answer) => answer.setResult('one')),
    await act("setError('two')", (answer) => answer.setError(new Error('two'))),
    await act("setResult('three')", (answer) => answer.setResult('three')),
    await act('cancel()', () => task.cancel()),
    await act('cancel()', () => task.cancel()),
  ]
}

interface Question {
  readonly question: string
  readonly answer: Future<string>
}

function endOf(task: Task): string {
  if (task.cancelled) return 'is cancelled'
  const error = task.error() as Error | undefined
  return error === undefined ? 'is done' : `throws ${error.message}`
}

/** What the coroutine heard since it was last asked. */
class Ears {
  #heard: string[] = []

  readonly hear = (what: string): void => {
    this.#heard.push(what)
  }

  take(): string {
    const all = this.#heard.splice(0)
    return all.length === 0 ? 'nothing' : all.join(', ')
  }
}

// ------------------------------------------------------------------ side by side

/** Checks the acts by hand against the language's promise, and those by the loop against the ones by hand. */
export function checkConversations(
  ctx: ScenarioContext,
  byHand: readonly Act[],
  byLoop: Readonly<Record<string, readonly Act[]>>,
): void {
  for (const [index, promised] of PROMISED.entries()) {
    const { name, gives, heard } = byHand[index]!
    ctx.check(
      gives === promised.gives && heard === promised.heard,
      `By hand, at ${name} the coroutine ${gives} and hears: ${heard}; it should: ${promised.heard}`,
    )
    for (const [style, acts] of Object.entries(byLoop)) {
      const act = acts[index]!
      ctx.check(
        act.heard === heard,
        `By the loop, at ${act.name} the ${style} hears: ${act.heard}; by hand: ${heard}`,
      )
    }
  }
}

export function tellConversations(
  { meter }: ScenarioContext,
  byHand: readonly Act[],
  byLoop: readonly Act[],
): void {
  meter.table({
    title: 'One conversation, driven by hand and by the loop',
    columns: ['by hand', 'the generator', 'by the loop', 'the task', 'the coroutine'].map((name) => ({
      name,
    })),
    rows: byHand.map(({ name, gives, heard }, index) => {
      const act = byLoop[index]!
      return [name, gives, act.name, act.gives, heard]
    }),
  })
}
