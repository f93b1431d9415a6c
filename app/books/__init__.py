"""The books: a double-entry journal in whole paisa, and the check that everything shown equals it."""
