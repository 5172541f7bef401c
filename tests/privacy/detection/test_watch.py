"""What the sequence of requests tells that one by itself does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from openforyou.privacy.detection.types import Asking, Finding, Told
from openforyou.privacy.detection.watch import AT_ONCE, BUDGET, Watcher, watch

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
STAFF = "abcdefghij"


def usual(days: int = 120) -> list[Asking]:
    """Ten of support, each about somebody new under a case of their own, granted by turns within half an hour."""
    return [
        ask(f"{day}{who}", who, MONDAY + timedelta(days=day, minutes=20 * at), subject=1_000 + 10 * day + at)
        for day in range(days)
        for at, who in enumerate(STAFF)
    ]


def ask(name: str, staff: str, at: datetime, subject: int, **more: object) -> Asking:
    granter = "xyz"[hash(at.minute + at.toordinal()) % 3]
    told = {"case": f"C{name}", "purpose": "account_recovery", "grants": ((granter, at + timedelta(minutes=30)),)}
    return Asking(name, at, staff, "support", subject, **(told | more))  # type: ignore[arg-type]


def late(extra: list[Asking]) -> list[Finding]:
    """What the newest are alarms for, after months of usual work and among it."""
    return watch(sorted([*usual(), *extra], key=lambda one: one.at))


def days(first: int, count: int, step: int = 2) -> list[datetime]:
    return [MONDAY + timedelta(days=first + step * number, hours=1, minutes=number) for number in range(count)]


def test_usual_work_is_quiet() -> None:
    assert late([]) == []


def test_several_staff_and_several_people_in_small_requests_are_told_as_one_with_everybody_named() -> None:
    asks = [ask(f"j{n}", "adg"[n % 3], at, subject=n % 4) for n, at in enumerate(days(70, 24))]
    (found,) = [one for one in late(asks) if one.kind == "joint"]
    assert found.staff == ("a", "d", "g")
    assert set(found.requests) == {one.id for one in asks}
    assert "same 3 of the staff" in found.words
    assert "same 4 people" in found.words
    parties = [ask(f"j{n}", "adg"[n % 3], at, subject=n % 4, case="C") for n, at in enumerate(days(70, 24))]
    assert "joint" not in {one.kind for one in late(parties)}, "one case connects them"


def test_one_person_watched_by_one_of_the_staff() -> None:
    asks = [ask(f"w{n}", "c", at, subject=7) for n, at in enumerate(days(20, 9, step=11))]
    found = {one.kind: one for one in late(asks)}
    assert found["watched"].staff == ("c",)
    assert set(found["watched"].requests) == {one.id for one in asks}
    same = [ask(f"w{n}", "c", at, subject=7, case="long") for n, at in enumerate(days(20, 9, step=11))]
    assert "watched" not in {one.kind for one in late(same)}, "a case that comes back is one reason"


def test_many_people_under_few_cases() -> None:
    asks = [ask(f"f{n}", "b", at, subject=n, case=f"F{n % 3}") for n, at in enumerate(days(100, 18, step=1))]
    assert "fishing" in {one.kind for one in late(asks)}
    everybody = [ask(f"f{n}", STAFF[n % 9], at, n, case="OUT") for n, at in enumerate(days(100, 18, step=1))]
    assert "fishing" not in {one.kind for one in late(everybody)}, "an outage's case is everybody's"


def test_hours_volume_cases_and_a_granter_who_does_not_think() -> None:
    nights = [ask(f"n{n}", "e", at + timedelta(hours=14), 50 + n) for n, at in enumerate(days(106, 8))]
    assert "hours" in {one.kind for one in late(nights)}
    many = [ask(f"v{n}", "e", MONDAY + timedelta(days=119, minutes=10 * n), 50 + n) for n in range(18)]
    assert "volume" in {one.kind for one in late(many)}
    wrong = [ask(f"m{n}", "e", at, 50 + n, case_fits=False) for n, at in enumerate(days(106, 7))]
    assert "cases" in {one.kind for one in late(wrong)}
    quick = [
        ask(f"q{n}", "e", at, 50 + n, grants=(("z", at + timedelta(minutes=1)),)) for n, at in enumerate(days(84, 18))
    ]
    (found,) = [one for one in late(quick) if one.kind == "pair"]
    assert found.staff == ("e", "z")


def test_five_a_week_the_strongest_and_nothing_twice_unless_it_has_grown() -> None:
    watcher, told = Watcher(), list[Told]()
    asks = usual()
    for number, who in enumerate(STAFF[:8]):  # eight who each watch somebody
        asks += [ask(f"{who}{n}", who, at, subject=number) for n, at in enumerate(days(20, 9, step=11))]
    for one in sorted(asks, key=lambda one: one.at):
        watcher.put(one)
    sunday = MONDAY + timedelta(days=118)
    first = watcher.look(sunday, told)
    assert len(first) == BUDGET
    assert [one.score for one in first] == sorted((one.score for one in first), reverse=True)
    assert first[-1].score > AT_ONCE
    told = [Told(sunday, one.score, frozenset(one.requests), one.staff) for one in first]
    assert watcher.look(sunday, told) == []
    for one in asks:
        watcher.put(one)
    again = watcher.look(sunday + timedelta(days=1), told)
    assert not {one.requests for one in again if one.kind != "several"} & {one.requests for one in first}


def test_no_words_name_anybody() -> None:
    asks = [ask(f"w{n}", "c", at, subject=7_777, case="CASE-7") for n, at in enumerate(days(60, 9))]
    asks += [ask(f"x{n}", "c", at, subject=7_777) for n, at in enumerate(days(90, 9))]
    found = late(asks)
    assert found
    assert not any("7777" in one.words or "CASE" in one.words for one in found)
