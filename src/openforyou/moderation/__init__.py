"""Published rules: caps, boosts, demotions, freezes and cross-post limits, each a record in the public log."""
