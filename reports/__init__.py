"""Documents: plain data in, PDF bytes out. Nothing here asks the database or writes to it."""
