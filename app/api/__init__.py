"""The tenant's own programs: API keys, addresses that answer JSON, webhooks."""
