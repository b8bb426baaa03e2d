"""
Runs random programs under CPython's asyncio in virtual time. A line of stdin is a JSON list of sources; the answer is
a line with a JSON list, for each a log and whether timers of equal time met. The loop's second is a microsecond, so
that every time is a whole number and exact.
"""
import asyncio
import asyncio.base_events
import asyncio.futures
import gc
import json
import logging
import os
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from asyncio_virtual import VirtualLoop  # noqa: E402

END_ROUNDS = 30
END_US = 1_000_000

NAMES = {ValueError: 'RangeError', RuntimeError: 'TypeError'}


class Boom(Exception):
    """What programs raise."""


class OrderedSet(dict):
    def add(self, item):
        self[item] = True

    def discard(self, item):
        self.pop(item, None)


class OrderedGroup(asyncio.TaskGroup):
    """Python cancels the children in the order of a set, that is in none; here in order of creation."""

    def __init__(self):
        super().__init__()
        self._tasks = OrderedSet()


class KeepingTask(asyncio.Task):
    """CPython gives the message of a cancelled task to the first who asks, and to later ones none; here to all."""

    words = None

    def _make_cancelled_error(self):
        error = super()._make_cancelled_error()
        if self.words is None:
            self.words = error.args
        return asyncio.CancelledError(*self.words)

    @property
    def _cancel_message(self):
        args = self._make_cancelled_error().args
        return args[0] if args else None

    def result(self):
        if self.cancelled():
            raise self._make_cancelled_error()
        return super().result()

    def exception(self):
        if self.cancelled():
            raise self._make_cancelled_error()
        return super().exception()

    def __await__(self):
        if not self.done():
            yield from super().__await__()
        return self.result()


class Stage(VirtualLoop):
    """The loop of one program, with its log and its tasks in order of creation."""

    def __init__(self):
        super().__init__()
        self._clock_resolution = 0.5
        self.lines = []
        self.tasks = []
        self.handles = 0
        self.whens = set()
        self.tied = False
        self.over = False
        self.set_task_factory(Stage.make_task)
        self.set_exception_handler(Stage.report)

    def make_task(self, coroutine, **options):
        task = KeepingTask(coroutine, loop=self, **options)
        self.tasks.append(task)
        return task

    def report(self, context):
        if context['message'].startswith('Exception in callback'):
            self.log(0, 'reported', context['exception'])

    def work(self, us):
        self.now += us

    def call_at(self, when, *args, **options):
        self.tied = self.tied or when in self.whens
        self.whens.add(when)
        return super().call_at(when, *args, **options)

    def log(self, number, *words):
        if self.over:
            return
        shown = ' '.join(show(word) for word in words)
        self.lines.append(f'{int(self.now)} {self.turns} {self.handles} #{number} {shown}')

    def run(self, number, future, us):
        """Until the future is done or the time is up; then tells of it."""
        if future is None:
            return
        guard = self.call_later(us, self.stop)
        try:
            ended = self.run_until_complete(future)
        except RuntimeError as error:
            ended = 'time is up' if str(error).startswith('Event loop stopped') else error
        except BaseException as error:
            ended = error
        guard.cancel()
        self.log(number, 'ran', ended)

    def finish(self):
        """Cancels what is left over, again and again where that is suppressed; then tells how each ended."""
        for _ in range(END_ROUNDS):
            pending = [task for task in self.tasks if not task.done()]
            if not pending:
                break
            for task in pending:
                task.cancel(msg='end')
            self.call_later(END_US, self.stop)
            self.run_forever()
        for task in self.tasks:
            self.log(0, task.get_name(), state(task))
        self.over = True


def adapt_asyncio():
    """Counts the handles that run, on the loop's stage; and lets it sleep as long as it likes."""
    run = asyncio.Handle._run
    end_sleep = asyncio.futures._set_result_unless_cancelled

    def counted(handle):
        # The timer of a sleep that was cancelled: asyncio cancels it when the task wakes, we do so at once.
        if not (handle._callback is end_sleep and handle._args[0].cancelled()):
            handle._loop.handles += 1
        return run(handle)

    asyncio.Handle._run = counted
    # In seconds a day; our second is a microsecond.
    asyncio.base_events.MAXIMUM_SELECT_TIMEOUT = float('inf')


def state(future):
    if not future.done():
        shown = 'pending'
    elif future.cancelled():
        shown = 'cancelled'
    elif future.exception() is not None:
        shown = f'raised {show(future.exception())}'
    else:
        shown = f'result {show(future.result())}'
    return f'{shown}, cancelling {future.cancelling()}' if isinstance(future, asyncio.Task) else shown


def show(value):
    if value is None:
        return '-'
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, list):
        return f"[{', '.join(show(item) for item in value)}]"
    if isinstance(value, BaseExceptionGroup):
        return f'AggregateError({show(list(value.exceptions))})'
    if isinstance(value, asyncio.CancelledError):
        return f"CancelledError({value.args[0] if value.args else ''})"
    if isinstance(value, Boom):
        return f'Boom({value})'
    if isinstance(value, BaseException):
        return NAMES.get(type(value), type(value).__name__)
    return str(value)


def live(*slots):
    return [slot for slot in slots if slot is not None]


def unfinished(*slots):
    return [slot for slot in live(*slots) if not slot.done()]


def waited(members, result):
    done, pending = result
    assert done | pending == set(members) and not done & pending
    return [member in done for member in members]


graveyard = []


def names(stage=None):
    """What a program finds in its scope."""
    if stage is None:
        adapt_asyncio()
        stage = Stage()
    return {
        'asyncio': asyncio, 'loop': stage, 'log': stage.log, 'run': stage.run, 'state': state,
        'live': live, 'unfinished': unfinished, 'waited': waited, 'Boom': Boom, 'OrderedGroup': OrderedGroup,
    }


def perform(source):
    stage = Stage()
    try:
        exec(compile(source, '<program>', 'exec'), names(stage))
        stage.finish()
    except Exception as error:
        stage.log(0, 'the program is broken:', repr(error))
    stage.close()
    # Else the coroutines that are left would be closed, and their clean-up would run, whenever garbage is collected.
    if any(not task.done() for task in stage.tasks):
        graveyard.append(stage)
    return {'lines': stage.lines, 'tied': stage.tied}


def main():
    logging.disable()
    warnings.simplefilter('ignore')
    adapt_asyncio()
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps([perform(source) for source in json.loads(line)]), flush=True)


if __name__ == '__main__':
    main()
