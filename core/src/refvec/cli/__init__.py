"""The commands; ``refvec_command`` lists them, and imports the one that is called."""
