"""The engine that needs no daemon: it assembles images itself and brings them where they go."""
