/** How each statement that is one call is written in Python and in TypeScript. */
import { type Call, isSlot, type Stmt, type TaskCall } from './program.ts'

export interface Written {
  /** What the log calls it. */
  readonly text: string
  readonly python: string
  readonly typescript: string
  /** It has a value, which goes into the log. */
  readonly value?: true
  /** Done only where this holds. */
  readonly onlyIf?: { readonly python: string; readonly typescript: string }
}

type Writer<S> = (stmt: S) => Written
type Writers = { [S in Call | TaskCall as S['op']]: Writer<S> }

const alike = (text: string, call: string): Written => ({ text, python: call, typescript: call })
const valued = (text: string, python: string, typescript = python): Written => ({
  text,
  python,
  typescript,
  value: true,
})

const messageIn = ({ message }: { message?: string }, keyword: string) =>
  message === undefined ? '' : `${keyword}'${message}'`

/** A condition's lock is a part of it here, and it itself in Python. */
export function lockOf(target: string): string {
  return target.startsWith('cond') ? `${target}.lock` : target
}

function complete(
  stmt: Extract<Call, { op: 'setResult' | 'setError' }>,
  python: string,
  typescript: string,
): Written {
  const { op, target, evenIfDone } = stmt
  const onlyIf = { python: `not ${target}.done()`, typescript: `!${target}.done` }
  return {
    text: `${op} ${target}`,
    python: `${target}.${python}`,
    typescript: `${target}.${typescript}`,
    onlyIf: evenIfDone ? undefined : onlyIf,
  }
}

const WRITERS: Writers = {
  work: ({ us }) => ({ text: 'work', python: `loop.work(${us})`, typescript: `loop.work(${us} * US)` }),
  setResult: (s) => complete(s, `set_result(${s.value})`, `setResult(${s.value})`),
  setError: (s) => complete(s, `set_exception(Boom('b${s.value}'))`, `setError(new Boom('b${s.value}'))`),
  cancel: (s) =>
    valued(
      `cancel ${s.target}`,
      `${s.target}.cancel(${messageIn(s, 'msg=')})`,
      `${s.target}.cancel(${messageIn(s, '')})`,
    ),
  inspect: ({ target }) => valued(`inspect ${target}`, `state(${target})`),
  cancelHandle: ({ target }) => alike(`cancelHandle ${target}`, `${target}.cancel()`),
  removeDone: ({ target, callback }) =>
    valued(
      `removeDone ${callback}`,
      `${target}.remove_done_callback(${callback})`,
      `${target}.removeDoneCallback(${callback})`,
    ),
  eventSet: ({ target }) => alike(`set ${target}`, `${target}.set()`),
  eventClear: ({ target }) => alike(`clear ${target}`, `${target}.clear()`),
  release: ({ target }) => alike(`release ${target}`, `${target}.release()`),
  locked: ({ target }) => valued(`locked ${target}`, `${target}.locked()`, `${lockOf(target)}.locked`),
  putNowait: ({ target, value }) => ({
    text: `putNowait ${target}`,
    python: `${target}.put_nowait(${value})`,
    typescript: `${target}.putNowait(${value})`,
  }),
  getNowait: ({ target }) => valued(`getNowait ${target}`, `${target}.get_nowait()`, `${target}.getNowait()`),
  taskDone: ({ target }) => ({
    text: `taskDone ${target}`,
    python: `${target}.task_done()`,
    typescript: `${target}.taskDone()`,
  }),
  queueSize: ({ target }) => valued(`size of ${target}`, `${target}.qsize()`, `${target}.size`),

  sleep: ({ us }) => ({
    text: `sleep ${us}`,
    python: `await asyncio.sleep(${us})`,
    typescript: `await loop.sleep(${us === 0 ? us : `${us} * US`})`,
  }),
  await: ({ target }) => valued(`await ${target}`, `await ${target}`),
  awaitShield: ({ target }) =>
    valued(`await shield ${target}`, `await asyncio.shield(${target})`, `await loop.shield(${target})`),
  waitFor: ({ target, us }) =>
    valued(
      `waitFor ${target}`,
      `await asyncio.wait_for(${target}, ${us})`,
      `await loop.timeout(${us} * US, async () => await ${target})`,
    ),
  cancelSelf: (s) =>
    valued(
      'cancelSelf',
      `asyncio.current_task().cancel(${messageIn(s, 'msg=')})`,
      `loop.currentTask.cancel(${messageIn(s, '')})`,
    ),
  uncancel: () => valued('uncancel', 'asyncio.current_task().uncancel()', 'loop.currentTask.uncancel()'),
  cancelling: () =>
    valued('cancelling', 'asyncio.current_task().cancelling()', 'loop.currentTask.cancelling'),
  acquire: ({ target }) => alike(`acquire ${target}`, `await ${target}.acquire()`),
  eventWait: ({ target }) => alike(`wait ${target}`, `await ${target}.wait()`),
  condWait: ({ target }) => alike(`wait ${target}`, `await ${target}.wait()`),
  get: ({ target }) => valued(`get ${target}`, `await ${target}.get()`),
  join: ({ target }) => alike(`join ${target}`, `await ${target}.join()`),
  condWaitFor: ({ target, event }) => ({
    text: `waitFor ${target}`,
    python: `await ${target}.wait_for(${event}.is_set)`,
    typescript: `await ${target}.waitFor(() => ${event}.isSet)`,
  }),
  notify: ({ target, count }) => alike(`notify ${target}`, `${target}.notify(${count})`),
  notifyAll: ({ target }) => ({
    text: `notifyAll ${target}`,
    python: `${target}.notify_all()`,
    typescript: `${target}.notifyAll()`,
  }),
  put: ({ target, value }) => alike(`put ${target}`, `await ${target}.put(${value})`),
}

/** Undefined for a statement that holds others or ends a body. */
export function writeCall(stmt: Stmt): Written | undefined {
  const writer = (WRITERS as Partial<Record<Stmt['op'], Writer<never>>>)[stmt.op]
  return writer?.(stmt as never)
}

/** The variables that may have no value yet when the statement runs. */
export function unsureNamesIn(stmt: Stmt): string[] {
  const { target, callback, group } = stmt as { target?: string; callback?: string; group?: string }
  if (stmt.op === 'groupSpawn') return [group!]
  const names = stmt.op === 'removeDone' ? [target, callback] : [target]
  return names.filter((name) => name !== undefined && isSlot(name)) as string[]
}
