"""Makes a checkout usable without installing anything but the dependencies."""

pytest_plugins = ["kubecheck.plugin"]
