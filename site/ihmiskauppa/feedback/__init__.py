"""What visitors say of the site: counted by day, and nothing else."""
