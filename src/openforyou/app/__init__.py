"""Settings, wiring and background jobs: the one place that knows everyone."""
