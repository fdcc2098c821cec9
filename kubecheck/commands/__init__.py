"""The commands of ``kubecheck``, one a file: ``main`` takes the arguments and returns the exit code.

Each imports what it needs and no more, most of it when it runs: none but the run itself needs
pytest, and only a run against a cluster needs the Kubernetes client.
"""

SUMMARIES = {
    "explain": "what a check or a cause means, how to confirm it by hand, what mends it",
    "diff": "what broke and what healed between two runs",
    "merge": "judge the records of a run's shards as one run",
    "runbook": "the runbook's lines, the checks that stand for them, their outcome in the last run",
    "policy": "a policy with every key and its meaning, to begin one with",
    "rights": "a manifest that grants the rights that a run needs, and no more",
    "clean": "remove from the cluster what runs that were killed have left there",
    "docs": "write the pages of all checks and causes into a folder",
}
