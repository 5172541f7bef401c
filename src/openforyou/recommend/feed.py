"""The For You feed, declared: who proposes, what is told, what may stand, what it is worth, in which order.

Read it top-down; nothing else decides what a slate holds. A new stage is a new module in its folder, and a line here.
"""

from __future__ import annotations

from openforyou.pipeline import Pipeline
from openforyou.recommend.filters.capped import Capped
from openforyou.recommend.filters.held import Held
from openforyou.recommend.filters.language import Language
from openforyou.recommend.filters.muted import Muted
from openforyou.recommend.filters.recently_served import RecentlyServed
from openforyou.recommend.filters.refused import Refused
from openforyou.recommend.filters.rights import Rights
from openforyou.recommend.filters.seen import Seen
from openforyou.recommend.hydrators.content import Content
from openforyou.recommend.hydrators.counts import CountsOf
from openforyou.recommend.hydrators.creator import CreatorOf
from openforyou.recommend.hydrators.place import Place
from openforyou.recommend.hydrators.rules import Rules
from openforyou.recommend.hydrators.vectors import Vectors
from openforyou.recommend.query.query import Query
from openforyou.recommend.rerankers.cross_post_limit import CrossPostLimit
from openforyou.recommend.rerankers.diversity import Diversity
from openforyou.recommend.rerankers.exploration import Exploration
from openforyou.recommend.rerankers.session import SessionVariety
from openforyou.recommend.rerankers.spacing import CreatorSpacing, SoundSpacing
from openforyou.recommend.scorers.blend import Blend
from openforyou.recommend.scorers.estimate import Estimate
from openforyou.recommend.scorers.factor import Factor
from openforyou.recommend.scorers.model import Model
from openforyou.recommend.scorers.value import Value
from openforyou.recommend.sources.followed import Followed
from openforyou.recommend.sources.fresh import Fresh
from openforyou.recommend.sources.sequence import Sequence
from openforyou.recommend.sources.similar import Similar
from openforyou.recommend.sources.trending import Trending
from openforyou.recommend.sources.well_liked import WellLiked

FOR_YOU: Pipeline[Query] = Pipeline(
    sources=(
        Sequence(),  # what comes next, by the model
        Similar(),  # like what was just watched to the end or liked
        Followed(),  # by creators the viewer follows
        Trending(),  # in the region, then everywhere
        WellLiked(),  # the best that is left
        Fresh(),  # by lot, to find out
    ),
    hydrators=(
        Place(),  # where on the shelf
        CreatorOf(),
        CountsOf(),
        Content(),
        Vectors(),  # by the model
        Rules(),  # by what is published
    ),
    filters=(
        Rights(),  # published, shown, recommended
        Refused(),  # not interested, reported
        Muted(),  # a creator, sound, topic or word
        Language(),  # another than those chosen
        Seen(),  # never again
        Held(),  # in the client's hands already
        RecentlyServed(),  # on its way to the screen
        Capped(),  # by a published rule
    ),
    scorers=(
        Estimate(),  # from content and counts
        Model(),  # from the model
        Blend(),  # the mean of both
        Value(),  # chance × worth
        Factor(),  # × what published rules say
    ),
    rerankers=(
        SessionVariety(),  # not the last slate again
        Diversity(),  # not one look only
        Exploration(),  # fresh items by lot
        CreatorSpacing(),  # not one creator twice in a row
        SoundSpacing(),  # nor one sound
        CrossPostLimit(),  # by a published rule
    ),
)
