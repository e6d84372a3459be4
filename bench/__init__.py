"""The figures that the design promises, with their budgets. Printed, not asserted: times differ by machine."""
