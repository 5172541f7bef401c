"""Reading what was granted: the record must stand in the log, the look is entered, and only then something opens."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.privacy.access import rules, watermark
from openforyou.privacy.access.asking import Answer, Then
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import NotAsked
from openforyou.privacy.access.types import Act, Beside, Request, Staff
from openforyou.privacy.vault.types import Field


def read(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:
    """The fields of one's own request, or some of them."""
    request = desk.book.request(str(act.body.get("request")))
    fields = _fields(act, request)
    desk.check_close(staff, request.subject)
    rules.check_read(staff, request, desk.now())
    sealed = {name: value for name, value in beside.sealed.items() if name in fields}
    return lambda: _open(desk, act, fields, sealed)


def _open(desk: Desk, act: Act, fields: tuple[Field, ...], sealed: Mapping[Field, bytes]) -> Answer:
    desk.durable(desk.book.opened_by[str(act.body["request"])])
    with desk.lock:
        desk.refresh()
        desk.check()
        request = desk.book.request(str(act.body["request"]))
        # While the log was awaited, the grant may have ended, or somebody's duty.
        rules.check_read(desk.book.staff[act.by], request, desk.now())
        desk.enter(Wish(act.doing.value, {"fields": list(fields)}), act)
    opened = desk.vault.open_sealed(request.subject, sealed)
    bits = watermark.tag(desk.store.home.key, act.by, request.id)
    values = {name.value: watermark.marked(name, value.decode(), bits) for name, value in opened.items()}
    assert request.until is not None
    return {
        "request": request.id,
        "values": values,
        "absent": sorted(name.value for name in fields if name not in opened),
        "mark": watermark.line(act.by, request.id, f"{request.until:%Y-%m-%d %H:%M} UTC"),
        "until": request.until.isoformat(),
    }


def _fields(act: Act, request: Request) -> tuple[Field, ...]:
    if set(act.body) - {"request", "fields"}:
        raise NotAsked("A look names its request, and no more than that.", hint="request, and fields if not all.")
    named = act.body.get("fields", list(request.fields))
    if not isinstance(named, list) or not named or any(one not in request.fields for one in named):
        granted = ", ".join(request.fields)
        raise NotAsked("That field was not granted.", hint=f"Granted: {granted}.", field="fields")
    return tuple(sorted({Field(one) for one in named}))
