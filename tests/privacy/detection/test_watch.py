"""What the sequence of requests tells that one by itself does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from openforyou.privacy.detection.types import Asking
from openforyou.privacy.detection.watch import watch

MONDAY = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def kinds(asks: list[Asking]) -> set[str]:
    return {one.kind for one in watch(asks)}


def ask(number: int, staff: str = "a", **more: object) -> Asking:
    at = more.pop("at", MONDAY + timedelta(days=number))
    told = {"subject": 100 + number, "case": f"C{number}"} | more
    return Asking(str(number), at, staff, "support", **told)  # type: ignore[arg-type]


def test_the_reported_case_several_staff_and_several_protected_people_in_small_requests() -> None:
    asks = [ask(3 * n, "abcd"[n], is_protected=True, subject=n % 3) for n in range(4)]
    assert "joint" in kinds(asks)
    (found,) = [one for one in watch(asks) if one.kind == "joint"]
    assert len(found.staff) > 1
    assert "joint" not in kinds([ask(3 * n, "abcd"[n], subject=n % 3) for n in range(4)])


def test_usual_work_is_quiet() -> None:
    assert kinds([ask(day, "ab"[day % 2]) for day in range(200)]) == set()


def test_fishing_misfits_and_one_person_over_and_over() -> None:
    assert kinds([ask(day, came_to_something=False) for day in range(6)]) == {"fishing"}
    assert kinds([ask(day, case_fits=False) for day in range(2)]) == {"cases"}
    assert kinds([ask(day, subject=7) for day in range(3)]) == {"same_person"}


def test_hours_and_volume_against_ones_own_habit() -> None:
    usual = [ask(day) for day in range(30)]
    night = MONDAY + timedelta(days=31, hours=-7)
    assert kinds([*usual, ask(31, at=night)]) == {"hours"}
    many = [ask(100 + n, at=MONDAY + timedelta(days=31, minutes=n)) for n in range(8)]
    assert kinds([*usual, *many]) == {"volume"}


def test_grants_back_and_forth() -> None:
    asks = [ask(n, "ab"[n % 2], granters=("ba"[n % 2],)) for n in range(6)]
    assert kinds(asks) == {"circle"}
    assert kinds(asks[:5]) == set()
