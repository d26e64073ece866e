"""Blobs: content named by its digest, as registries and OCI layouts hold it, and how layers become such."""
