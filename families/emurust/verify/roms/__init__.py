"""Programs of ours that show one rule of the machine each."""
