"""What is measured, how, and against whom; each is run by hand."""
