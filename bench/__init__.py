"""The figures the design promises: ratios measured within one run, the median of five. Nothing is asserted."""
