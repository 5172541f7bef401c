"""Models: what they learn from, how they are trained, scored, kept and brought into service."""

import os

# Read by torch's thread pool when it is loaded, so it stands here, before any import of torch. By default its threads
# wait for each other spinning: where the cores have other work too, each then waits for one that cannot run. With two
# busy cores a training step took 3.7 to 5.3 s, and 0.23 to 0.35 s with threads that sleep while they wait.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
