"""Local CRMs that behave like the real ones, a world generator, and a distributor's drop folder.

Nothing in `hub/` imports this package: `hub demo` and `hub sandbox` start it as a process of its
own, and everything the hub learns of it, it learns over HTTP and files.
"""
