"""How others join in: hooks, records, protocols, and the catalog of what is installed."""
