"""Probe pods: what is to stand where, putting it there, exec, and taking it away again."""

from kubecheck.fleet.creating import FleetProblem
from kubecheck.fleet.deploy import Fleet
from kubecheck.fleet.standing import Peer, Probe, Standing

__all__ = ["Fleet", "FleetProblem", "Peer", "Probe", "Standing"]
