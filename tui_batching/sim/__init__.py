"""Who runs when: from a workload and a strategy to a Run."""
