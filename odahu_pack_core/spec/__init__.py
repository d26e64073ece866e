"""What the user wrote: entities, connections, the model manifest, and how they are loaded."""
