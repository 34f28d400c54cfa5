"""The benchmarks of refvec, for asv: see the README beside this folder."""
