"""Accounts: the tenant, and who works in it, from the Group Admin down to the Manager."""
