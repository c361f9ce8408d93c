"""What is owed to the world outside: written with the change that made it owed, sent after the commit."""
