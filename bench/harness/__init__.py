"""The parts of bench/run: data, rows, measuring, reporting."""
