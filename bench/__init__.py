"""The benchmarks: what this machine does with ocpp-css, with the package `ocpp`, and with a server in C."""
