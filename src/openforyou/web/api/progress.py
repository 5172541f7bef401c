"""How far long work is, for pages to show."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.web.reach import ThePlatform

router = APIRouter(tags=["progress"])


class TaskOut(BaseModel):
    """One piece of work."""

    name: str
    done: int
    total: int
    message: str = Field(description="What it does now; empty where it failed: the server's log says why.")
    state: str = Field(description="running, done, failed, or lost when its process is gone.")
    updated_at: AwareDatetime


class ProgressOut(BaseModel):
    """All of it, by name."""

    tasks: list[TaskOut]


@router.get("/progress", summary="Long work")
def get_progress(platform: ThePlatform) -> ProgressOut:
    """What is being made, imported or trained now, and what was last."""
    return ProgressOut(
        tasks=[
            TaskOut(
                name=task.name,
                done=task.done,
                total=task.total,
                message="" if task.state == "failed" else task.message,
                state=task.state,
                updated_at=task.updated_at,
            )
            for task in platform.tasks.list()
        ]
    )
