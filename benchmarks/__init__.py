"""How fast, and with how much memory: ``make bench`` runs all of it."""
