"""Real faults for the lab: how each is put in and taken out, and what a health check has to say about it."""
