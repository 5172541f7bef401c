"""Content Credentials (C2PA): reads what comes in, signs what goes out anew, and asks nobody else about it.

source ─► reading ─► rules ─► Credentials, refusals        what the file says, and how far that holds
rendition ─► manifests ─► signing ─► the same file, signed      with the source as its parent
"""
