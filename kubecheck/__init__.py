"""kubecheck tells whether a Kubernetes cluster works, and if not, what is broken and what mends it."""

__version__ = "0.1.0"
