"""Connection types, and ways into image registries: docker and ECR."""
