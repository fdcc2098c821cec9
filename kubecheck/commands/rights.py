"""``kubecheck rights``: a manifest that grants what a run needs, as it lies in deploy/base/rbac.yaml."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Print the manifest. 2 for a policy that cannot be used."""
    from kubecheck.policy.load import PolicyError, load_policy
    from kubecheck.report.rights import manifest

    parser = argparse.ArgumentParser(
        prog="kubecheck rights",
        description="Print a manifest that grants the rights that a run needs, and no more.",
    )
    parser.add_argument(
        "policy",
        nargs="?",
        default="default",
        help="a policy file or a profile (default: the default profile)",
    )
    source = parser.parse_args(arguments).policy
    try:
        print(manifest(load_policy(source), source), end="")
    except PolicyError as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    return 0
