"""An open fraud-detection data platform: simulated banks, point-in-time features, honest evaluation."""

#: The bank that is meant where none is named.
DEFAULT_BANK = "us_bank"
