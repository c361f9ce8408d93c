"""Figures that every process counts for itself and adds to the database's, where Prometheus reads the sums."""
