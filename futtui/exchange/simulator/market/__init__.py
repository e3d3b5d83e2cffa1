"""Where the simulated exchange gets its market from: an invented, labelled one, or recorded history."""
