"""How the services of a provider stand: components, checks, incidents, for everybody to see."""
