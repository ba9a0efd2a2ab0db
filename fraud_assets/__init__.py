"""An open fraud-detection data platform: simulated banks, point-in-time features, honest evaluation."""
