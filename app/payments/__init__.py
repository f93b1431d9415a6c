"""Payments: cash taken at doors, what it settles, and what becomes advance."""
