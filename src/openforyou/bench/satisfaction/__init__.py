"""What a feed is worth to those who watch, over days: simulated viewers with hidden tastes, and feeds that compete.

policies.py is all that a feed may know. Hidden from it: world.py, sitting.py ─► oracle.py. The feeds: ours.py, and
baselines.py. lived.py lets viewers live with a feed, compared.py makes the report, benchmark.py runs it all.
"""
