"""A client of image registries: https://github.com/opencontainers/distribution-spec over httpx."""
