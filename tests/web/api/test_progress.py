"""Long work is shown."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.web.conftest import World


def test_work_is_shown_to_whoever_asks(client: TestClient, world: World) -> None:
    assert client.get("/v1/progress").json() == {"tasks": []}
    with world.platform.tasks.running("demo.clips") as progress:
        progress(3, 10, "clip 3")
    (task,) = client.get("/v1/progress").json()["tasks"]
    assert (task["name"], task["done"], task["total"], task["state"]) == ("demo.clips", 3, 10, "done")
