"""Telling other systems (learning-management systems, portals, a school's middleware) what became of work."""
