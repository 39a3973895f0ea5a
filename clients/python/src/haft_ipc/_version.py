"""The package's version, read by the build and told to the daemon."""

__version__ = "0.1.0"
