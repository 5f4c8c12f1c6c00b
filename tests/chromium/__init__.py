"""Whole sign-ins in a real browser, against identity providers that no one here wrote: `make test-sign-in`.

Their programs are Debian's and npm's, so these tests are none of `make test`, which needs nothing but Python packages.
"""
