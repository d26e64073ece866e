"""TR3xx: max_batch_size and dynamic batching."""
