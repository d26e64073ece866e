"""Configurations made of what model files say."""
