"""A loop of asyncio's whose time is virtual."""
import asyncio


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time moves on when it would sleep: no program depends on how fast the machine is."""

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.turns = 0
        self._clock_resolution = 1e-9
        look = self._selector.select

        def select(timeout):
            self.turns += 1
            events = look(0)
            if not events and timeout:
                self.now += timeout
            return events

        self._selector.select = select

    def time(self):
        return self.now
