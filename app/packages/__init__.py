"""What customers buy and how they are billed: packages, billing profiles, zones."""
