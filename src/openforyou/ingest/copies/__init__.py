"""Whether a clip is a copy of another, however it was altered (docs/copies.md).

frames while transcoding ─► print: hashes of views, local features ─► index: items that share them
    ─► how an item would lie in the clip ─► do the same pixels change in the same way at the same times? ─► verdict
samples ─► landmarks ─► index of sounds
"""
