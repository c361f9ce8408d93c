"""What changed for a person since the last look at the home page."""
