"""The workers as they tell of themselves, and taking one out of service."""
