"""`bench copies`: what copy detection finds and what it wrongly blocks, on alterations drawn at random."""
