"""``refvec demo``: the main job, on every backend, on real text."""
