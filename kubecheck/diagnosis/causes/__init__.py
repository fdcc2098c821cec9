"""The known causes, one a file. `catalogue.all_kinds` finds them."""
