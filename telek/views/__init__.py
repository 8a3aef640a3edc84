"""Pages composed of several apps, and the demo's own."""
