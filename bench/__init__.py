"""The figures the design promises, beside their budgets. Printed, never asserted: a test that asserts a time lies."""
