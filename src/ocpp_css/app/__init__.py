"""The only place that knows everything: settings, wiring, serve, command line."""
