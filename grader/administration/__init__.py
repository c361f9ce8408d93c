"""Running the service: queues, failed runs, storage, environments, the audit log, metrics."""
