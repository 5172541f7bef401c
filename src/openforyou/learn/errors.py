"""What can go wrong in learning."""

from __future__ import annotations

from pathlib import Path

from openforyou.core.errors import BadInput, Conflict, NotFound


class ModelNotFound(NotFound):
    """No such model."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no model {what}.", hint="`openforyou models` lists them.")


class BadInteractions(BadInput):
    """A file of interactions that cannot be used; names file and line."""

    code = "bad_interactions"

    def __init__(self, path: Path, problem: str, *, line: int = 0, hint: str = "") -> None:
        where = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{where}: {problem}", hint=hint, field="interactions")


class BadWeights(BadInput):
    """A file of weights that is damaged, or was not made by this version."""

    code = "bad_weights"


class TooLittle(BadInput):
    """Not enough to learn from."""

    code = "too_little"


class AlreadyTraining(Conflict):
    """One training at a time on one database."""

    code = "already_training"

    def __init__(self) -> None:
        super().__init__("A training is running already.", hint="Wait for it; `openforyou models` shows how far it is.")


class NotBetter(Conflict):
    """The gate is shut: the model does worse than what serves, or than popularity."""

    code = "not_better"


class Overtaken(Conflict):
    """Another model went into service since the one that an update was made of."""

    code = "overtaken"

    def __init__(self) -> None:
        super().__init__("Another model serves by now.", hint="The next update begins from that one.")
