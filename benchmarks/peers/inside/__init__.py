"""Scripts that run in the compared tools' environments; nothing of ours can be imported there."""
