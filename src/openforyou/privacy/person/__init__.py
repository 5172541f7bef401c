"""What is kept of one person: told to them, taken along, and gone when they go.

`places.py` says of every table whose rows it holds; the copy that a person takes and the erasure both go by it alone,
so that neither can forget a table that the other knows.
"""
