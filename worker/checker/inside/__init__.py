"""What runs in the checker's jail: nothing here imports the rest of the worker, which is not there."""
