"""What a model learned from, to be checked by anybody: a tree of marks, a signed manifest, a record in the log."""
