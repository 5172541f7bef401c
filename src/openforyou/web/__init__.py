"""HTTP: the API under /v1, the pages, the media. Parses, calls, renders; holds no rule and no SQL."""
