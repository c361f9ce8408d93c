"""The Celery application that records results and sweeps. Thin: load, call a service, translate."""
