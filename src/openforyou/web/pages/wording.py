"""The fixed words and choices of the pages."""

from __future__ import annotations

STAGE_MODULES = (
    "stage",
    "actions",
    "api",
    "breaks",
    "cards",
    "clip",
    "events",
    "forms",
    "gestures",
    "keys",
    "list",
    "mutes",
    "none",
    "page",
    "share",
    "sheets",
    "showing",
    "sound",
    "supply",
    "why",
)
"""What the stage is made of, so that the browser asks for all of it at once instead of file by file."""

_TAGS = """
af am ar az be bg bn bs ca ckb cs cy da de el en eo es et eu fa fi fil fr ga gd gl gn gu ha he hi hr ht hu hy id
ig is it ja jv ka kk km kn ko ku ky lb lo lt lv mg mi mk ml mn mr ms mt my ne nl no oc pa pl ps pt qu rm ro ru rw sd
si sk sl sm sn so sq sr st su sv sw ta te tg th ti tk tn tr tt ug uk ur uz vi wo xh yi yo yue zh zu
"""
LANGUAGES = tuple(_TAGS.split())
"""Offered by their primary tags; the browser names them. The API takes any other, too."""

BREAKS = (
    (10, "After 10 minutes"),
    (20, "After 20 minutes"),
    (30, "After 30 minutes"),
    (45, "After 45 minutes"),
    (60, "After an hour"),
    (120, "After two hours"),
    (0, "Never"),
)
"""How long somebody may watch before a break is offered, in minutes."""

LICENCES = (
    ("own_work", "My own work"),
    ("cc0", "CC0: free for everybody"),
    ("cc_by", "CC BY: free where I am named"),
    ("licensed", "Licensed, by a contract"),
    ("all_rights_reserved", "All rights reserved"),
)
"""Under which a sound may be added, as its owner reads it."""

REPORT_REASONS = (
    "It breaks the law",
    "It is violent, hateful or dangerous",
    "It is somebody else's work",
    "It is spam, or it misleads",
    "Something else",
)

ACTIONS = {
    "c2pa.created": "Created",
    "c2pa.opened": "Opened",
    "c2pa.placed": "Placed in it",
    "c2pa.edited": "Edited",
    "c2pa.cropped": "Cropped",
    "c2pa.color_adjustments": "Colours changed",
    "c2pa.filtered": "Filtered",
    "c2pa.orientation": "Turned",
    "c2pa.resized": "Resized",
    "c2pa.converted": "Converted",
    "c2pa.transcoded": "Transcoded",
    "c2pa.published": "Published",
    "c2pa.redacted": "Something left out",
}
"""What was done to a clip, by C2PA's names; one that is not here stands as it is."""

SOURCE_TYPES = {
    "digitalCapture": "taken with a camera",
    "computationalCapture": "taken with a camera that computes",
    "digitalCreation": "made by a person with software",
    "humanEdits": "edited by a person",
    "composite": "put together from several",
    "trainedAlgorithmicMedia": "made by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "partly made by a trained model",
    "algorithmicMedia": "made by an algorithm",
    "screenCapture": "recorded from a screen",
}
"""Digital source types, by IPTC's names."""

PURPOSES = {
    "ai_training": "Training a model",
    "ai_generative_training": "Training a generative model",
    "ai_inference": "Use as a model's input",
    "data_mining": "Data mining",
}
"""What a training and mining assertion speaks of."""

RELATIONS = {"parentOf": "what it was made of", "componentOf": "a part of it", "inputTo": "given to what made it"}
"""How an ingredient belongs to a clip, by C2PA's names."""

KEYS = (
    (("↓", "J"), "Next clip"),
    (("↑", "K"), "Previous clip"),
    (("Space",), "Pause or go on"),
    (("L",), "Like"),
    (("M",), "Sound on or off"),
    (("W",), "Why this clip?"),
    (("?",), "This list"),
)
"""As `keys.js` listens to them."""
