"""`bench ingest`: clips taken in a day with everything on, beside decoding and encoding them and nothing else."""
