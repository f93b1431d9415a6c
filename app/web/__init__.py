"""What the house adds to FAB, once for all pages."""
