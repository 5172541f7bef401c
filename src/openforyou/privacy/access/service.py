"""Access by staff, act by act: who signed it, whether it may be, its entry, its public record, then its effect.

One method does every act, so that there is one place where a signature is verified and one order of steps. An act that
is refused is an entry too. Nothing opens before the record of its access stands in the published log, verified here;
and each look is entered before anything of it opens.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from openforyou.core.clock import Clock
from openforyou.core.errors import OpenForYouError
from openforyou.privacy.access import acts, asking, lists, owner, reading, records, registry, rules, tracing, watching
from openforyou.privacy.access.asking import Answer, Then
from openforyou.privacy.access.book import CHOSEN, TOLD, subject_from
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import BadAct, Closed, NotAsked, NotDurable, Replayed
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.purposes import PURPOSES
from openforyou.privacy.access.store import Store
from openforyou.privacy.access.types import Act, Beside, Doing, Looked, Request, Staff, Vault
from openforyou.privacy.vault.types import Field, Subject

LOOKS_REMEMBERED = 10_000
_WHEN_CLOSED = (Doing.SETTLE, Doing.REVOKE, Doing.ENROL, Doing.AGREE)
_NOT_ENTERED = (NotDurable, Closed, Replayed)


class Access:
    """One broker's. Safe for several threads. The store is the caller's to close."""

    def __init__(self, store: Store, published: Published, vault: Vault, clock: Clock) -> None:
        self._desk = Desk(store, published, vault, clock)
        self._looks: OrderedDict[str, None] = OrderedDict()
        self._watching = watching.Watching()
        self.marks = owner.Marks(self._desk)

    # Acts

    def do(self, text: str, signature: bytes, beside: Beside | None = None) -> Answer:
        """Do what somebody signed. Raises what `errors` lists; an act that was refused stands in the entries."""
        act = acts.read(text, signature)
        desk = self._desk
        with desk.lock:
            desk.refresh()
            staff = self._signed(act)
            if act.doing is Doing.LOOK:
                return self._look(act, staff)
            if act.doing not in _WHEN_CLOSED:
                desk.check()
            try:
                then = _DOES[act.doing](desk, act, staff, beside or Beside())
            except OpenForYouError as error:
                if not isinstance(error, _NOT_ENTERED):
                    self._refused(act, error)
                raise
            if act.doing in _WATCHED:
                watching.look(desk, self._watching)
        return then()

    def _signed(self, act: Act) -> Staff:
        """Who did it. Raises `BadAct`, `Replayed`, and `Closed` while the clock stands before what it has shown."""
        desk = self._desk
        staff = registry.by_key(desk, act) if act.doing is Doing.LOOK and not act.by else desk.book.staff.get(act.by)
        if staff is None or not staff.is_active:
            what = "id" if act.by else "key"
            raise BadAct(
                f"Nobody of the staff here has that {what}.", hint="Two administrators enrol somebody.", field="by"
            )
        back = desk.has_gone_back()
        acts.check(act, staff.keys, desk.name, desk.clock_now() if back else desk.now())
        if desk.store.has_nonce(act.nonce) or act.nonce in self._looks:
            raise Replayed.twice()
        if back and act.doing not in (Doing.SETTLE, Doing.LOOK):
            raise Closed.because("the broker's clock stands before a moment that it has seen")
        return staff

    def _refused(self, act: Act, error: OpenForYouError) -> None:
        """Enter the attempt. The person whom it named reads of it."""
        subject = ""
        if act.doing in (Doing.REQUEST, Doing.EMERGENCY):
            with suppress(OpenForYouError):  # Who named nobody is entered all the same.
                subject_from(act.body.get("subject"))
                subject = str(act.body["subject"])
        entered = replace(act, text="") if act.doing is Doing.PROTECT else act
        self._desk.enter(Wish(act.doing.value, {"refused": error.code, "subject": subject}), entered)
        watching.look(self._desk, self._watching)

    def _look(self, act: Act, staff: Staff) -> Answer:
        self._looks[act.nonce] = None
        while len(self._looks) > LOOKS_REMEMBERED:
            self._looks.popitem(last=False)
        return lists.for_staff(self._desk, staff)

    # The operator, the person, the clock

    def first(self, name: str, key: str) -> Answer:
        """Enrol one of the first two administrators. Raises `SameHand` once there are two."""
        with self._desk.lock:
            self._desk.refresh()
            return registry.as_answer(registry.first(self._desk, name, key))

    def administrators(self) -> list[Staff]:
        """Who they are now, with their keys."""
        with self._desk.lock:
            self._desk.refresh()
            return [one for one in self._desk.book.administrators() if one.is_active]

    def facts(self) -> Answer:
        """What everybody may know: the broker's name, the purposes, what may not be exceeded."""
        return {"broker": self._desk.name, "purposes": [lists.purpose_told(one) for one in PURPOSES]}

    def choose_protection(self, subject: Subject, *, on: bool) -> None:
        """A person's own wish. The caller has made sure that it is theirs."""
        with self._desk.lock:
            self._desk.refresh()
            mark = self._desk.protection_mark(subject)
            if on != (mark in self._desk.book.wishes):
                self._desk.enter(Wish(CHOSEN, {"mark": mark, "on": on}))

    def has_chosen_protection(self, subject: Subject) -> bool:
        """For the person themself."""
        with self._desk.lock:
            self._desk.refresh()
            return self._desk.protection_mark(subject) in self._desk.book.wishes

    def looked_at(self, subject: Subject) -> list[Looked]:
        """Who looked, or tried to, newest first. What is delayed appears when its delay ends."""
        with self._desk.lock:
            self._desk.refresh()
            return lists.for_person(self._desk, subject)

    def open_for_owner(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """What was sealed of somebody, for them; the caller has made sure that they are there. Noted first: they see
        each time on their page. Raises what `Vault.open_sealed` does."""
        owner.note(self._desk, subject, sealed)
        return self._desk.vault.open_sealed(subject, sealed)

    def opened_for_owner(self, subject: Subject) -> list[tuple[datetime, list[str]]]:
        """When what of them was opened for them, newest first."""
        return owner.shown(self._desk, subject)

    def forget(self, subject: Subject) -> int:
        """Destroy what ties public records to a person; how many accesses there were."""
        with self._desk.lock, self._desk.store.writing():
            self._desk.store.drop_own(self._desk.clock_now(), subject)
            return self._desk.store.forget_salts(subject)

    def outbox(self) -> list[tuple[int, bytes]]:
        """Records that wait for somebody to carry them to the log: number and leaf."""
        with self._desk.lock:
            self._desk.refresh()
            return [(one.seq, one.leaf) for one in self._desk.outbox()]

    def carried(self, seqs: Collection[int]) -> None:
        """These are on their way. What never arrives is carried again: see `tick`."""
        with self._desk.lock, self._desk.store.writing():
            for seq in seqs:
                self._desk.store.set_queued(seq, 1)

    def whom(self, request_id: str) -> tuple[Subject, tuple[Field, ...]]:
        """Whose seals a look under that request needs. Raises `NoSuch`."""
        with self._desk.lock:
            self._desk.refresh()
            request = self._desk.book.request(request_id)
            return request.subject, request.fields

    def tick(self) -> None:
        """What time does: delays end, reviews become overdue, misuse is looked for. To be called about each minute: a
        record that was carried and is not in the log by then is carried again."""
        desk = self._desk
        with desk.lock:
            desk.refresh()
            now = desk.now()
            for request in list(desk.book.requests.values()):
                self._tell(request)
                if request.is_emergency:
                    self._once("emergency", asking.told_of(request), request)
                overdue = request.is_emergency and request.reviewed is None
                if overdue and now - request.at > timedelta(days=rules.REVIEW_DAYS):
                    self._once("unreviewed", f"Nobody reviewed it within {rules.REVIEW_DAYS} days.", request)
            if desk.has_gone_back() and not any(a.kind == "clock" and not a.reviewed_by for a in _alarms(desk)):
                desk.alarm("clock", "The broker's clock went back; nothing is prolonged by it.", 1.0, ((), ()))
            watching.look(desk, self._watching)
            owner.watch(desk)
            on_their_way = [one.seq for one in desk.store.logged(unplaced=True) if one.queued is not None]
        for seq in on_their_way:
            if not desk.book.closed:
                self._arrived(seq)

    def _arrived(self, seq: int) -> None:
        """See a record in the log, or have it carried again: twice there does no harm, and not at all would."""
        try:
            self._desk.durable(seq, wait_s=0.0)
        except Closed:
            return
        except NotDurable:
            with self._desk.lock, self._desk.store.writing():
                self._desk.store.set_queued(seq, None)

    def _tell(self, request: Request) -> None:
        later, at = request.later, request.told_at()
        if later is None or not later.agreed or at is None or request.id in self._desk.book.told:
            return
        if self._desk.now() >= at > request.at:
            self._desk.enter(Wish(TOLD, {"request": request.id}, records.TOLD, {}))

    def _once(self, kind: str, words: str, request: Request) -> None:
        if not any(one.kind == kind and request.id in one.requests for one in _alarms(self._desk)):
            self._desk.alarm(kind, words, 1.0, ((request.by,), (request.id,)))


def _alarms(desk: Desk) -> list[Any]:
    return list(desk.book.alarms.values())


def _review(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Of an emergency or an alarm: whether it was right, and why."""
    if set(act.body) != {"of", "right", "words"} or type(act.body["right"]) is not bool:
        raise NotAsked("A review says of what, whether it was right, and why.", hint="of, right and words.")
    rules.text_of(act.body["words"], "words")
    about = rules.alarm_named(desk.book, str(act.body["of"]))
    rules.check_review(staff, about)
    for id_ in (about.id,) if isinstance(about, Request) else about.requests:
        desk.check_close(staff, desk.book.request(id_).subject)
    kind = "emergency" if isinstance(about, Request) else about.kind
    public = {"kind": kind, "right": act.body["right"]}
    desk.enter(Wish(act.doing.value, {}, records.REVIEW, public), act)
    return lambda: {"of": act.body["of"], "right": act.body["right"]}


_WATCHED = (Doing.REQUEST, Doing.EMERGENCY, Doing.GRANT)
_DOES: dict[Doing, Callable[[Desk, Act, Staff, Beside], Then]] = {
    Doing.REQUEST: asking.ask,
    Doing.EMERGENCY: asking.ask,
    Doing.GRANT: asking.grant,
    Doing.REFUSE: asking.refuse,
    Doing.DELAY: asking.delay,
    Doing.REVOKE: asking.revoke,
    Doing.READ: reading.read,
    Doing.REVIEW: _review,
    Doing.PROTECT: registry.protect,
    Doing.ENROL: registry.enrol,
    Doing.AGREE: registry.agree,
    Doing.SETTLE: registry.settle,
    Doing.TRACE: tracing.trace,
}
