"""Whoever closes second waits for the first."""

from __future__ import annotations

import threading

from openforyou.core.closing import SharedStack


def test_the_second_to_close_waits_until_everything_is_closed() -> None:
    done: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go_on.wait(10)
        done.append("slow")

    stack = SharedStack()
    stack.callback(done.append, "last")
    stack.callback(slow)
    seen: list[list[str]] = []

    def second() -> None:
        stack.close()
        seen.append(list(done))

    threads = [threading.Thread(target=stack.close), threading.Thread(target=second)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    threads[1].join(0.1)
    assert threads[1].is_alive()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert done == ["slow", "last"]
    assert seen == [["slow", "last"]]


def test_what_closes_it_may_close_it_again() -> None:
    done: list[int] = []
    with SharedStack() as stack:
        stack.callback(done.append, 1)
        stack.callback(stack.close)
    assert done == [1]
