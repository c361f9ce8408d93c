"""What `grader doctor` looks at; one subject a file. Each returns findings and never raises."""
