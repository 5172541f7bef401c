"""Staff of another region, and whoever else sits there: with the database, with a copy of it, with a broker of theirs.

What somebody of the home region hands over by hand is not among the attacks: no key refuses that. It goes through a
grant and the public log, which the drill of looking people up is about.
"""
