"""What staff say of a submission to those who handed it in."""
