"""The background processes beside the web server: one takes in what was uploaded and trains from what was watched, and
one keeps the model in service up with what is being watched.

They own nothing that cannot be lost. Killed at any point, the item that was worked on is waiting again, the training
goes on from its last checkpoint, and the learner from its last update.
"""

from __future__ import annotations

import logging
import os
import threading
from time import monotonic

from openforyou.app.platform import Platform

IDLE_WAIT_S = 1.0
TRAIN_CHECK_EVERY_S = 60.0
SWEEP_EVERY_S = 3_600.0
FORGET_EVERY_S = 5.0
FORGET_SHARE = 0.02
"""Of one core that looking who took a right back may take: with many viewers it is done less often."""
SETTLE_EVERY_S = 300.0
"""Proofs of accounts elsewhere come and lapse: what was imported follows within this."""
CLAIM_EVERY_S = 5.0
RECHECK_EVERY_S = 60.0
LEAVE_EVERY_S = 20.0
TICK_EVERY_S = 60.0
"""Delays end and records of access are carried again within this."""
RETAIN_EVERY_S = 600.0
"""How often it is looked whether a day has passed."""
RECHECKS_AT_ONCE = 3
"""Few, for each may wait for a slow server, and uploads wait with it."""
LEARNER_NICENESS = 10
"""Uploads and feeds go first: an update that comes some seconds later is none the worse."""
_log = logging.getLogger(__name__)


def work(platform: Platform, stop: threading.Event) -> None:
    """Work until `stop` is set."""
    due = threading.Event()
    forgetting = threading.Thread(target=_forget, args=(platform, stop, due), name="forget", daemon=True)
    forgetting.start()  # Beside the rest, so that a deadline holds while a training runs.
    leaving = threading.Thread(target=_let_go, args=(platform, stop), name="let go", daemon=True)
    leaving.start()
    try:
        _work(platform, stop, due)
    finally:
        forgetting.join()
        leaving.join()


def _work(platform: Platform, stop: threading.Event, due: threading.Event) -> None:
    _sweep(platform)
    _recheck(platform)
    swept_at = looked_at = rechecked_at = settled_at = monotonic()
    while not stop.is_set():
        busy = _take_in_one(platform) | _import_some(platform)
        if due.is_set() or monotonic() - looked_at >= TRAIN_CHECK_EVERY_S:
            due.clear()
            _close_claims(platform)
            _train_when_due(platform)
            looked_at = monotonic()
        if monotonic() - settled_at >= SETTLE_EVERY_S:
            _settle(platform)
            settled_at = monotonic()
        if monotonic() - swept_at >= SWEEP_EVERY_S:
            _sweep(platform)
            swept_at = monotonic()
        if monotonic() - rechecked_at >= RECHECK_EVERY_S:
            _recheck(platform)
            rechecked_at = monotonic()
        if not busy:
            stop.wait(IDLE_WAIT_S)


def learn(platform: Platform, stop: threading.Event) -> None:
    """Update the model in service until `stop` is set, on one core and after all others. One on a database does."""
    os.nice(LEARNER_NICENESS)
    while not stop.is_set():
        with platform.models.learning_alone() as claimed:
            if claimed:
                _learn(platform, stop)
            else:
                _log.info("another learner updates the models here; this one waits")
        stop.wait(CLAIM_EVERY_S)


def _learn(platform: Platform, stop: threading.Event) -> None:
    import torch  # over a second, which a worker that never learns should not wait for

    from openforyou.learn.online import Learner

    torch.set_num_threads(1)
    Learner(platform.database, platform.models, platform.clock).run(stop, platform.settings.update_s)


def _take_in_one(platform: Platform) -> bool:
    try:
        return platform.ingest.process_next() is not None
    except Exception:
        _log.exception("an item could not be taken in; it is tried again")
        return False


def _import_some(platform: Platform) -> bool:
    try:
        return platform.archives.work_next()
    except Exception:
        _log.exception("an archive could not be taken in; it is tried again")
        return False


def _settle(platform: Platform) -> None:
    """Give imported items the rights asked for where a proof has come, and take them back where it has lapsed."""
    try:
        platform.imports.settle_all()
    except Exception:
        _log.exception("rights of imports could not be settled; it is tried again")


def _sweep(platform: Platform) -> None:
    """Clear away what killed processes left behind."""
    try:
        platform.ingest.sweep()
        platform.archives.sweep()
    except Exception:
        _log.exception("leftovers could not be cleared away")


def _close_claims(platform: Platform) -> None:
    try:
        platform.claims.close_due()
    except Exception:
        _log.exception("claims past their appeal could not be closed; it is tried again")


def _recheck(platform: Platform) -> None:
    """Look again at accounts elsewhere that creators proved."""
    try:
        platform.identities.recheck_due(RECHECKS_AT_ONCE)
    except Exception:
        _log.exception("proven accounts could not be looked at again; they are tried again")


def _forget(platform: Platform, stop: threading.Event, due: threading.Event) -> None:
    """Until `stop`: what learned from somebody who took the right back is marked, and destroyed when it must be; `due`
    says that a training should begin which replaces it."""
    pause_s = 0.0
    while not stop.wait(pause_s):
        began = monotonic()
        try:
            platform.models.forget()
            if platform.models.must_train():
                due.set()
        except Exception:
            _log.exception("what must be forgotten could not be looked at; it is tried again")
        pause_s = max(FORGET_EVERY_S, (monotonic() - began) / FORGET_SHARE)


def _let_go(platform: Platform, stop: threading.Event) -> None:
    """Until `stop`: go on with erasures that have steps left, remove what is over, and let time act on access."""
    looked_at: float | None = None
    ticked_at: float | None = None
    while True:
        if ticked_at is None or monotonic() - ticked_at >= TICK_EVERY_S:
            ticked_at = monotonic()
            _tick(platform)
        try:
            platform.erasing.resume()
            if looked_at is None or monotonic() - looked_at >= RETAIN_EVERY_S:
                looked_at = monotonic()
                platform.retention.run_due()
        except Exception:
            _log.exception("what is to go could not be removed; it is tried again")
        if stop.wait(LEAVE_EVERY_S):
            return


def _tick(platform: Platform) -> None:
    try:
        platform.access.tick()
    except Exception:
        _log.exception("access by staff was not looked after; it is tried again")


def _train_when_due(platform: Platform) -> None:
    """Not while other long work runs: it wants the cores, and what it brings in should be learned from as well. A
    training that a promise waits for does not wait."""
    try:
        if platform.models.must_train() or not any(task.state == "running" for task in platform.tasks.list()):
            platform.models.train_when_due()
    except Exception:
        _log.exception("a training did not come to its end; it is tried again")
