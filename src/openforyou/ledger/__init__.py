"""A transparency log as static files: C2SP tlog-tiles with signed-note checkpoints, witnesses and receipts.

    bytes      merkle  tiles  keys  note  cosignature  checkpoint  policy  proof     without clock, network or log
    a log      source → reader → fsck      disk → writer      witness  cosigning

It knows bytes only: what an entry means is the business of whoever writes it. Whatever verifies raises one of `errors`
when it cannot, and never returns a verdict that a caller might forget to look at.
"""
