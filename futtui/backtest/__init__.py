"""The historical shell: the analyzers and the desk of the live app, fed from candles of the past."""
