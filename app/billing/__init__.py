"""Bills: the monthly run, bills by hand, discounts and voids."""
