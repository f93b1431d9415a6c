"""Expenses: what was spent, on what, from which cash."""
