"""LTI 1.3 Advantage: platforms (Moodle, Canvas…) that send people here, and the services that they offer us."""
