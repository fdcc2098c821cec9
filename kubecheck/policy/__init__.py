"""What this cluster promises: a TOML file, validated; profiles."""

from kubecheck.policy.load import PolicyError, load_policy
from kubecheck.policy.model import Policy

__all__ = ["Policy", "PolicyError", "load_policy"]
