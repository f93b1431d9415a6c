"""Payment links: a customer pays on a public page through bKash, Nagad or SSLCommerz, and the money is posted once."""
