"""Probe pods: what is to stand where, putting it there, exec, and taking it away again."""

from kubecheck.fleet.deploy import Fleet, FleetProblem
from kubecheck.fleet.standing import Peer, Probe, Standing

__all__ = ["Fleet", "FleetProblem", "Peer", "Probe", "Standing"]
