"""Stand-ins for one decision: few features of one picture, held to coalitions they never saw."""
