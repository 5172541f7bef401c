"""Claims: somebody says that a work or a name is theirs, and somebody who is neither side decides.

    opened ─► answered ─► decided ─► (appealed ─► decided again) ─► closed
       └────── rescinded by whoever opened it ─────────────────────┘

Nothing happens to anybody's work or name before a decision, and what a decision does can be undone until its appeal is
over. Each step is kept, with its words, and both sides read the same.
"""
