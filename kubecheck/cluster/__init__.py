"""Reading the cluster: the connection, and the facts, discovered once and frozen."""
