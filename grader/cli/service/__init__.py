"""Starting, watching and stopping the processes of the service on one machine: `grader up`."""
