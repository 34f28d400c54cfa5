"""What tests look with: observation, outcomes, threads, children, leaks, and work that is counted."""
