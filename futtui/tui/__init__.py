"""The terminal dashboard: reads immutable snapshots, sends commands, decides nothing."""
