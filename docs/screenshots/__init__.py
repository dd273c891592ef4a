"""Makes the pictures of `docs/images` from a demo folder: `make screenshots`."""
