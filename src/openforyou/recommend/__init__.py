"""The For You feed. The folder list is its diagram, and `feed.py` declares it top-down.

query.py ─► sources/ ─► hydrators/ ─► filters/ ─► scorers/ ─► rerankers/ ─► service.py ─► record.py
"""
