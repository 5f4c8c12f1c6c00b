"""Use cases: one function each, inside the caller's transaction, knowing no protocol."""
