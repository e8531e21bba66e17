"""Reading what is posted while it arrives: bounds, deadlines, and who makes way when too much is under way at once.

Everything here runs on the event loop, so that a sender who falls silent holds no thread, and nothing needs a lock. When the
room is full, the source that takes most of it makes way: whoever has just begun to send is not turned away for others.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary
from wsgiref.types import WSGIEnvironment

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, ServiceUnavailable

from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.public import uploads
from ihmiskauppa.public.uploads import DRAINED, FormBody, Gate, Posted

DEADLINE: Final = 300.0  # seconds a body may take to arrive: 15 MB at 50 kB/s
MOST_AT_ONCE: Final = 512  # bodies in the room; one more, and one of those that are arriving makes way
MOST_OF_ONE: Final = 64  # bodies of one source
MOST_HELD: Final = 64 * 1024 * 1024  # bytes of all these, without what passed the gate
GRACE: Final = 0.25  # seconds for what has been sent already, when a body makes way for another
PATIENCE: Final = 30.0  # seconds a body waits for others of its source before any of it is read


@dataclass(eq=False)
class Place:
    """One body's place in the room: whose it is, what was read of it, until when it may go on arriving, and if it all came."""

    source: str
    body: FormBody | None = None
    arriving: asyncio.Timeout | None = None
    complete: bool = False

    @property
    def held(self) -> int:
        """Bytes it takes of the room."""
        return self.body.held if self.body else 0

    def make_way(self, grace: float) -> None:
        """End the reading `grace` seconds from now, as if its deadline had passed then."""
        if self.arriving is not None:
            self.arriving.reschedule(asyncio.get_running_loop().time() + grace)
            self.arriving = None


@dataclass
class Bodies:
    """The room for posts of this process."""

    limits: FileLimits
    gate: Gate = field(default_factory=Gate)
    most_at_once: int = MOST_AT_ONCE
    most_of_one: int = MOST_OF_ONE
    most_held: int = MOST_HELD
    deadline: float = DEADLINE
    patience: float = PATIENCE
    _places: dict[Place, None] = field(default_factory=dict)  # in order of arrival
    # By source, as long as somebody holds or awaits a turn.
    _turns: WeakValueDictionary[str, asyncio.Semaphore] = field(default_factory=WeakValueDictionary)

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[Place]:
        """A place in the room until the answer is there.

        A source that has all it may have waits for a turn of its own. Raises ServiceUnavailable when that takes too long.
        """
        turn = self._turns.setdefault(source, asyncio.Semaphore(self.most_of_one))
        if turn.locked():
            self._make_way(lambda place: place.source == source, GRACE)
        try:
            async with asyncio.timeout(self.patience):
                await turn.acquire()
        except TimeoutError:
            raise ServiceUnavailable from None
        if len(self._places) >= self.most_at_once:
            self._make_way(lambda _: 1, GRACE)
        place = Place(source)
        self._places[place] = None
        try:
            yield place
        finally:
            del self._places[place]
            turn.release()
            if place.body is not None:
                place.body.release()

    def _make_way(self, weight: Callable[[Place], int], grace: float) -> None:
        """Of the source whose arriving bodies weigh most, the heaviest one makes way, or the first of these."""
        arriving = [place for place in self._places if place.arriving is not None]
        by_source: Counter[str] = Counter()
        for place in arriving:
            by_source[place.source] += weight(place)
        if arriving:
            greediest = max(by_source, key=by_source.__getitem__)
            max((place for place in arriving if place.source == greediest), key=weight).make_way(grace)

    async def read(self, place: Place, pieces: AsyncIterable[bytes], environ: WSGIEnvironment) -> Posted:
        """The form in a body, whole or with the reason why it is not.

        Of a body larger than `DRAINED` the text that came first is taken, and no file. Raises LengthRequired or BadRequest
        before any of it is read. Raises RequestEntityTooLarge for too much text or too many parts, BadRequest for what is no
        form or broke off; then the rest was read and thrown away, so that a browser that is still sending sees the answer
        instead of a broken connection.
        """
        place.body = body = uploads.body_of(environ, self.limits, self.gate, place.source)
        fault: BadRequest | RequestEntityTooLarge | None = None
        came = 0
        try:
            async with asyncio.timeout(self.deadline) as place.arriving:
                async for piece in pieces:
                    came += len(piece)
                    if fault is None:
                        try:
                            body.receive(piece)
                        except (BadRequest, RequestEntityTooLarge) as broken:
                            body.release()
                            fault = broken
                    if sum(each.held for each in self._places) > self.most_held:
                        self._make_way(lambda other: other.held, 0)
                    if came >= min(DRAINED, body.length):
                        break
        except TimeoutError:
            body.end_late()
        finally:
            place.arriving = None
        place.complete = came >= body.length
        if fault is not None:
            raise fault
        return body.end(came)
