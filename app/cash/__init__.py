"""Cash in hand: what Managers hold, how they close their day, and what the parent confirms."""
