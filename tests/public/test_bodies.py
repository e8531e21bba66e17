"""Posts while they arrive: deadlines, who makes way when the room is full, and how much is read at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from werkzeug.exceptions import RequestEntityTooLarge, ServiceUnavailable

from ihmiskauppa.forms.files import FileLimits
from ihmiskauppa.public.bodies import GRACE, Bodies
from ihmiskauppa.public.uploads import DRAINED, LONGEST_TEXT, Posted, Refusal

LIMITS = FileLimits(most=5, each=10_000_000, together=15_000_000)
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


class _Sender:
    """Sends what it has, and then waits for ever, as one does who fell silent; counts what was taken."""

    def __init__(self, *pieces: bytes, silent: bool = True) -> None:
        self.pieces, self.silent, self.taken = pieces, silent, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += len(piece)
            yield piece
        if self.silent:
            await asyncio.Event().wait()


def _run(scene: Coroutine[None, None, None]) -> None:
    """Play a scene on an event loop in a thread of its own: Playwright's may be running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, scene).result()


async def _post(
    bodies: Bodies, source: str, sender: _Sender, length: int = 5000, answered: Awaitable[object] | None = None
) -> Posted:
    async with bodies.place(source) as place:
        posted = await bodies.read(place, sender, {**FORM, "CONTENT_LENGTH": str(length)})
        if answered is not None:
            await answered
        return posted


def test_a_deadline_ends_a_silent_body() -> None:
    """What came until then is there; the room is empty afterwards."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, deadline=0.05)
        posted = await _post(bodies, "a", _Sender(b"message=s%C3%A4ily"))
        assert (posted.text["message"], posted.refusal) == ("säily", Refusal.CUT)
        assert not bodies._places

    _run(scene())


def test_the_source_with_the_most_makes_way_and_nobody_else() -> None:
    """In a full room, a newcomer gets in at once: the first of the greediest source's bodies ends, others go on."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, most_at_once=6)
        slow = asyncio.create_task(_post(bodies, "slow", _Sender(b"message=slow")))
        greedy = [asyncio.create_task(_post(bodies, "greedy", _Sender(b"message=%d" % n))) for n in range(5)]
        await asyncio.sleep(0.01)
        whole = await _post(bodies, "new", _Sender(b"message=new"), length=11)
        assert (whole.text["message"], whole.refusal) == ("new", None)
        cut = await asyncio.wait_for(asyncio.shield(greedy[0]), 1)
        assert [task.done() for task in (slow, *greedy)] == [False, True, False, False, False, False]
        assert (cut.text["message"], cut.refusal) == ("0", Refusal.CUT)
        for task in (slow, *greedy[1:]):
            task.cancel()

    _run(scene())


def test_over_the_onion_service_whoever_came_first_makes_way() -> None:
    """Where each body is a source of its own, a flood of silent ones cannot keep a newcomer out."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, most_at_once=50)
        flood = [asyncio.create_task(_post(bodies, f"onion {n}", _Sender(b"message=x"))) for n in range(300)]
        async with asyncio.timeout(30):  # on a busy machine the flood itself takes a while to come in
            while len(bodies._places) > 50 or len(bodies._places) + sum(task.done() for task in flood) < 300:
                await asyncio.sleep(GRACE)
        whole = await asyncio.wait_for(_post(bodies, "new", _Sender(b"message=new"), length=11), 1)
        assert whole.refusal is None
        for task in flood:
            task.cancel()

    _run(scene())


def test_too_much_held_at_once_makes_the_largest_go() -> None:
    """The bound is on the bytes of all bodies together; who has little is left in peace."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, most_held=1_000_000)
        little = asyncio.create_task(_post(bodies, "little", _Sender(b"message=x")))
        large = asyncio.create_task(_post(bodies, "large", _Sender(b"message=" + b"x" * 700_000), length=4_000_000))
        await asyncio.sleep(0.01)
        larger = asyncio.create_task(_post(bodies, "larger", _Sender(b"message=" + b"x" * 400_000), length=4_000_000))
        assert (await asyncio.wait_for(large, 1)).refusal is Refusal.CUT
        assert not little.done()
        assert not larger.done()
        little.cancel()
        larger.cancel()

    _run(scene())


def test_a_source_waits_for_its_own_turn_and_nobody_else_waits_for_it() -> None:
    """What awaits its answer is not cut; one more of that source is not read until then, and told so after too long."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, most_of_one=2, patience=0.2)
        answered = asyncio.Event()
        held = [asyncio.create_task(_post(bodies, "a", _Sender(b"message=x"), 9, answered.wait())) for _ in range(2)]
        await asyncio.sleep(0.01)
        sender = _Sender(b"message=new")
        with pytest.raises(ServiceUnavailable):
            await _post(bodies, "a", sender, length=11)
        assert sender.taken == 0
        assert (await asyncio.wait_for(_post(bodies, "b", sender, length=11), 0.1)).text["message"] == "new"
        waiting = asyncio.create_task(_post(bodies, "a", sender, length=11))
        await asyncio.sleep(0.01)
        answered.set()
        assert (await waiting).text["message"] == "new"
        assert [(await task).refusal for task in held] == [None, None]
        assert not bodies._turns

    _run(scene())


def test_a_source_with_all_it_may_have_makes_way_for_itself() -> None:
    """Silent bodies of a household do not keep the next one of it waiting."""

    async def scene() -> None:
        bodies = Bodies(LIMITS, most_of_one=3)
        silent = [asyncio.create_task(_post(bodies, "home", _Sender(b"message=x"))) for _ in range(3)]
        await asyncio.sleep(0.01)
        whole = await asyncio.wait_for(_post(bodies, "home", _Sender(b"message=new"), length=11), 1)
        assert whole.refusal is None
        assert (await silent[0]).refusal is Refusal.CUT
        for task in silent[1:]:
            task.cancel()

    _run(scene())


@pytest.mark.parametrize("length", [DRAINED, 10**9])
def test_what_is_refused_is_read_on_up_to_64_mb(length: int) -> None:
    """Too much text is thrown away to the end, or to the bound, so that the browser gets to see the answer."""

    async def scene() -> None:
        sender = _Sender(*[b"x" * 1_000_000] * 100)
        bodies = Bodies(replace(LIMITS))
        with pytest.raises(RequestEntityTooLarge):
            await _post(bodies, "a", sender, length)
        assert sender.taken == DRAINED
        assert LONGEST_TEXT < DRAINED

    _run(scene())
