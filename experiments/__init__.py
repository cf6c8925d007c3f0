"""Questions with their answers: each folder has the command that regenerates all in it."""
