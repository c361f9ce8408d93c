"""Students ask that a check be looked at again; staff answer, and may change its points."""
