"""How fast kubecheck is, against the least that any such test must do."""
