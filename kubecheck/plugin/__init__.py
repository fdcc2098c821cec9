"""The pytest plugin: options, collection, parametrization, processes, exit codes.

A run has three kinds of process. Alone, pytest does everything in one. Under pytest-xdist the
controller reads the facts, puts the fleet there, gathers results and reports; the workers ask
and judge, each for the nodes of its share.
"""

pytest_plugins = [
    "kubecheck.commandline",
    "kubecheck.plugin.tracebacks",
    "kubecheck.plugin.progress",
    "kubecheck.plugin.allure",
    "kubecheck.plugin.begin",
    "kubecheck.plugin.collection",
    "kubecheck.plugin.judge",
    "kubecheck.plugin.workers",
    "kubecheck.plugin.end",
    "kubecheck.plugin.since",
    "kubecheck.plugin.reporting",
]
