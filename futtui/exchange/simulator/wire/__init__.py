"""The simulated exchange on the wire: REST and WebSocket in the protocol of the USD-M futures API, on loopback."""
