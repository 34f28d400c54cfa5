"""Campaigns on the servers of a networked backend: what is left is compared with what was acknowledged."""
