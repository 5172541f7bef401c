"""Statistics about people: from a published list, with noise, within a budget that stands in the public log."""
