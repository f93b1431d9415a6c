"""Customers: who is connected, on what, and in which state."""
