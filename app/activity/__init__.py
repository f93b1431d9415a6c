"""Activity: what was done, by whom, append-only and chained so that it proves itself."""
