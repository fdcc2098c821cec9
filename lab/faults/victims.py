"""Choosing where a fault goes. The lab's state decides what there is to choose from, the seed the rest."""

from collections.abc import Callable
from random import Random

from lab.faults import dns
from lab.handle import Lab

Choose = Callable[[Lab, Random], dict[str, str]]


def nobody(_lab: Lab, _random: Random) -> dict[str, str]:
    """Where there is no choice."""
    return {}


def any_node(lab: Lab, random: Random) -> dict[str, str]:
    """One of all nodes."""
    return {"node": random.choice(lab.nodes)}


def any_master(lab: Lab, random: Random) -> dict[str, str]:
    """One of those that carry the control plane."""
    return {"node": random.choice(lab.masters)}


def any_worker(lab: Lab, random: Random) -> dict[str, str]:
    """One of those that do not."""
    return {"node": random.choice([node for node in lab.nodes if node not in lab.masters])}


def any_pair(lab: Lab, random: Random) -> dict[str, str]:
    """Two nodes, in an order that matters."""
    source, target = random.sample(lab.nodes, 2)
    return {"source": source, "target": target}


def any_replica(lab: Lab, random: Random) -> dict[str, str]:
    """A CoreDNS pod, and its node."""
    pod = random.choice(dns.replicas(lab))
    return {"pod": pod["metadata"]["name"], "node": pod["spec"]["nodeName"]}
