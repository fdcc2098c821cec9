"""``kubecheck policy``: a policy with every key and its meaning."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Print a policy. 2 for one that cannot be used."""
    from kubecheck.policy.load import PolicyError, load_policy
    from kubecheck.policy.show import policy_text

    parser = argparse.ArgumentParser(
        prog="kubecheck policy",
        description="Print a policy with every key and its meaning, to begin a policy file with.",
    )
    parser.add_argument("source", nargs="?", help="a policy file or a profile (default: the default profile)")
    try:
        print(policy_text(load_policy(parser.parse_args(arguments).source)), end="")
    except PolicyError as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    return 0
