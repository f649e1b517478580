"""What two threads ask for at the same time is made once."""

import threading

import pytest

from sfumato.core.errors import JobFailed
from sfumato.core.once import beside, once


class Slow:
    def __init__(self, fails: bool = False):
        self.made, self.fails = 0, fails
        self.begun, self.go_on = threading.Event(), threading.Event()

    @once
    def value(self) -> int:
        self.begun.set()
        assert self.go_on.wait(10)
        self.made += 1
        if self.fails:
            raise JobFailed("it cannot be made")
        return self.made


def test_who_asks_meanwhile_waits_for_what_is_being_made():
    slow = Slow()
    beside(lambda: slow.value)
    assert slow.begun.wait(10)
    threading.Timer(0.05, slow.go_on.set).start()
    assert (slow.value, slow.value, slow.made) == (1, 1, 1)


def test_what_could_not_be_made_beside_is_told_to_who_needs_it():
    slow = Slow(fails=True)
    slow.go_on.set()
    beside(lambda: slow.value)
    with pytest.raises(JobFailed, match="cannot be made"):
        _ = slow.value
