"""OCPP CSS: the OCPP Central System as a Service."""
