"""Campaigns of random kills on a durable store: what is left is compared with what was acknowledged (DUR-1)."""
