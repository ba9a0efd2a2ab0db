"""The assets of a bank, one module a stage: thin functions over the rooms that do the work."""
