"""The queue of what waits to be made ready: whose turn it is, what is tried again, and what was given up.

The item is its own entry: there is no second place that could disagree. The more urgent goes first; among equals the
creators take turns, whoever's was the longest ago, so that an archive of five thousand clips holds nobody else up; and
of one creator's the older. What failed without its own fault waits a while before it is tried again, and after three
attempts it is given up: it stands in the list of the failed, with the reason and its file, until an operator tries or
drops it.
"""
