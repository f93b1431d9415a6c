"""Clients of the payment gateways: pure, they know no database, no page and no user. They speak HTTP and return data."""
