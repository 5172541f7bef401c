"""The stages that a slate goes through, and the runner that times them and counts candidates. Knows no video.

    query ─► sources ─► hydrators ─► filters ─► scorers ─► rerankers ─► slate
             propose     describe     remove     value      order

A stage is an object with a `name` and one `__call__`. Candidates travel as columns (NumPy arrays over N
candidates), never as N objects, so that a feed over hundreds of candidates costs a handful of array operations.
"""

from openforyou.pipeline.candidates import Candidates
from openforyou.pipeline.protocols import Filter, Hydrator, Order, Reranker, Scorer, Source
from openforyou.pipeline.runner import Pipeline, Slate, StageTrace, Trace

__all__ = [
    "Candidates",
    "Filter",
    "Hydrator",
    "Order",
    "Pipeline",
    "Reranker",
    "Scorer",
    "Slate",
    "Source",
    "StageTrace",
    "Trace",
]
