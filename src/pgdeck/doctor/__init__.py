"""Why a target cannot be reached: every rung up to the rights, tried for real."""
