"""OCPP on the network: handshake, connections, dispatch, the message log, calls to stations."""
