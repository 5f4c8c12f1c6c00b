"""A machine that drives one organization in any order, and what must hold of it after each step."""
