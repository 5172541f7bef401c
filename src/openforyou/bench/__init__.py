"""Each speed claim, measured beside a named baseline in the same run."""
