"""How a model is trained: one typed object, its presets by size of the data, and its hash for the manifest."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput
from openforyou.learn.sequence import Shape
from openforyou.learn.types import Dataset


@dataclass(frozen=True, slots=True)
class Settings:
    """One recipe. Anything that changes the weights stands here, and nothing else."""

    preset: str
    width: int
    blocks: int
    heads: int
    length: int
    """Items of a history that the network reads."""
    dropout: float
    id_dropout: float
    """Share of items that lose their identity at a step, where there is content to know them by."""
    temperature: float
    epochs: int
    patience: int
    """Epochs without a better validation after which training stops."""
    learning_rate: float
    warmup_steps: int
    batch_positions: int
    """Positions in a batch; small data uses fewer, so that an epoch has at least `EPOCH_STEPS_MIN` steps."""
    whole_softmax_items: int
    """Up to so many items the loss is over all of them; past it over the batch's own and `negatives` drawn ones."""
    negatives: int
    heads_weight: float
    """Of the action heads' loss beside the next-item loss."""

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return asdict(self)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical form."""
        return digest(self.as_dict())

    def shape(self, dataset: Dataset) -> Shape:
        """The network for a data set."""
        content_dim = dataset.content.shape[1]
        return Shape(
            items=len(dataset.item_ids),
            content_dim=content_dim,
            width=self.width,
            blocks=self.blocks,
            heads=self.heads,
            length=self.length,
            dropout=self.dropout,
            id_dropout=self.id_dropout if content_dim else 0.0,
            temperature=self.temperature,
        )


EPOCH_STEPS_MIN = 40
_SMALL = Settings(
    preset="small",
    width=64,
    blocks=2,
    heads=2,
    length=200,
    dropout=0.2,
    id_dropout=0.1,
    temperature=0.05,
    epochs=40,
    patience=8,
    learning_rate=3e-3,
    warmup_steps=50,
    batch_positions=8_192,
    whole_softmax_items=20_000,
    negatives=4_096,
    heads_weight=1.0,
)
PRESETS = {
    "tiny": replace(
        _SMALL, preset="tiny", width=32, length=100, epochs=12, patience=4, batch_positions=2_048, learning_rate=1e-3
    ),
    "small": _SMALL,
    "medium": replace(_SMALL, preset="medium", width=128, heads=4, dropout=0.3, epochs=22, patience=8),
}
"""On MovieLens-1M (a million rows) `medium` validates at .211, `small` at .200, each with its co-counts."""
TINY_ROWS_MAX, SMALL_ROWS_MAX = 50_000, 500_000


def choose(dataset: Dataset, preset: str = "", epochs: int = 0) -> Settings:
    """A preset by name, or by the size of the data. Raises `BadInput`."""
    rows = len(dataset.sequences.items)
    by_size = "tiny" if rows <= TINY_ROWS_MAX else "small" if rows <= SMALL_ROWS_MAX else "medium"
    name = preset or by_size
    if name not in PRESETS:
        raise BadInput(f"There is no preset {name[:40]!r}.", hint=f"Choose {', '.join(PRESETS)}.", field="preset")
    if epochs < 0:
        raise BadInput(f"{epochs} epochs cannot be trained.", hint="Give 1 or more.", field="epochs")
    return replace(PRESETS[name], epochs=epochs) if epochs else PRESETS[name]
