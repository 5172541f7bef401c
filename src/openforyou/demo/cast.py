"""The creators of the demo world: stage names of studios and places that do not exist, each with two or three looks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One creator: `looks` are what they publish."""

    handle: str
    name: str
    bio: str
    looks: tuple[str, ...]


CAST = (
    Role(
        "tidewater.studio",
        "Tidewater Studio",
        "One pier, every evening.",
        ("dusk", "jellyfish", "rain"),
    ),
    Role("north.of.ylvern", "North of Ylvern", "Winter light from a cold lake.", ("aurora", "snowfall")),
    Role("orrery.station", "Orrery Station", "Flights through places nobody has been.", ("nebula", "aurora", "neon")),
    Role("brassfold.works", "Brassfold Works", "Clockwork and other turning things.", ("gears", "facets")),
    Role("glasshouse.loop", "Glasshouse Loop", "Mirrors, marbles, symmetry.", ("kaleidoscope", "stripes")),
    Role("paperlane", "Paper Lane", "Scissors, seven sheets and a lamp.", ("papercut", "facets", "snowfall")),
    Role("moss.garden", "The Moss Garden", "A pond, some fish, a gate that creaks.", ("koi", "fireflies")),
    Role("wren.hollow", "Wren Hollow", "Small lights in tall grass.", ("fireflies", "papercut", "aurora")),
    Role("ninth.floor", "Ninth Floor", "Windows at night, mostly wet ones.", ("rain", "neon")),
    Role("vector.city", "Vector City", "Night drives on an endless grid.", ("neon", "stripes", "nebula")),
    Role("amber.trench", "Amber Trench", "Deep water, soft engines.", ("jellyfish", "lava")),
    Role("slow.wax", "Slow Wax", "Blobs in no hurry.", ("lava", "kaleidoscope")),
    Role("brackwater.harbour", "Brackwater Harbour", "Every show, seen twice.", ("fireworks", "dusk")),
    Role("founders.night", "Founders' Night", "Three, two, one.", ("fireworks", "neon", "rain")),
    Role("larch.pass", "Larch Pass", "The road is closed. Good.", ("snowfall", "aurora", "fireflies")),
    Role("polygon.weather", "Polygon Weather", "Today: triangles, later some origami.", ("facets", "stripes")),
    Role("gallery.nil", "Gallery Nil", "Lines for walls that do not stand still.", ("stripes", "kaleidoscope", "lava")),
    Role("pellow.county", "Pellow County", "Hills by the metre.", ("papercut", "dusk")),
    Role("lantern.cluster", "Lantern Cluster", "Dust, starlight, long exposures.", ("nebula", "fireworks")),
    Role("calibre.36", "Calibre 36", "Under the dial, to the tenth of a millimetre.", ("gears", "rain")),
    Role("saltwick.bay", "Saltwick Bay", "Boats in by eight.", ("dusk", "koi", "jellyfish")),
    Role("ostrel.tower", "Ostrel Tower", "A very large clock, from inside.", ("gears", "fireworks", "kaleidoscope")),
    Role("deep.tank", "The Deep Tank", "No bones, no plans.", ("jellyfish", "nebula")),
    Role("fernrock.cabin", "Fernrock Cabin", "Stove on, phone off.", ("snowfall", "koi", "fireflies")),
    Role("colour.mill", "The Colour Mill", "Pigment, motion, repeat.", ("lava", "facets", "papercut", "koi")),
)
