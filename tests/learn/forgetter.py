"""A process that looks who must be forgotten and stands still at a named place, so that it can be killed there.

Places: `marked` (stale, and still in service), `out` (out of service, its weights there), `deleted` (its weights
gone, its record not written).
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from openforyou.core.clock import ManualClock
from openforyou.learn.forgetting.service import Forgetting
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database


def hold(place: str) -> None:
    sys.stdout.write(f"{place}\n")
    sys.stdout.flush()
    time.sleep(600)


class Killable(Forgetting):
    """Stops before the step that follows `place`."""

    place = ""

    def enforce(self, *arguments: Any) -> list[Any]:
        if self.place == "marked":
            hold(self.place)
        return super().enforce(*arguments)

    def bury(self) -> list[Any]:
        if self.place == "out":
            hold(self.place)
        return super().bury()

    def _logged(self, *arguments: Any) -> Any:
        if self.place == "deleted":
            hold(self.place)
        return super()._logged(*arguments)


def main(database_url: str, blobs: str, work_dir: str, now: str, place: str) -> None:
    forgetting = Killable(
        Database.open(database_url), FsspecBlobs(blobs), ManualClock(datetime.fromisoformat(now)), Path(work_dir)
    )
    forgetting.place = place
    forgetting.look()


if __name__ == "__main__":
    main(*sys.argv[1:])
