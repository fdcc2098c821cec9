"""A real multi-node Kubernetes cluster on one machine, and the faults that can be put into it."""
