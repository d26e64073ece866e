"""Python environments made on the host: requirements become a lock, the lock trees, each tree a layer."""
