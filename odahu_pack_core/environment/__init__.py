"""Python environments made on the host: requirements become a lock, the lock a tree, the tree a layer."""
