"""What a run will ask and cost, counted on from a sample or bounded without one."""
