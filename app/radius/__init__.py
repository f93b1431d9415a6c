"""Who is connected: FreeRADIUS' accounting, what it answers customers, and what access servers are told."""
