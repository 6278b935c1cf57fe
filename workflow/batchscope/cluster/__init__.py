"""What Snakemake asks SLURM."""
