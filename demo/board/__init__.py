"""A small Danbooru on loopback: a real HTTP server whose posts are drawn, for the demo and for tests."""
