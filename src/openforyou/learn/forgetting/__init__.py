"""Forgetting: a right to learn that is taken back leaves the models by a stated deadline.

Who learned from it is *stale*; a training is due; once another serves, or the deadline is here, the weights are
destroyed, and that is said in the public log.
"""
