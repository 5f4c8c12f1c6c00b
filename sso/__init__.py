"""Protocols that prove who someone is: SAML 2.0 and OpenID Connect.

A leaf of the house: it knows no Flask, no SQLAlchemy and nothing of `scim_server`; the clock, the HTTP client and the
settings are arguments.
"""
