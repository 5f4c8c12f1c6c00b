"""OpenID Connect, as a relying party: the code flow with PKCE, and nothing else of it.

Stands on OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0 and Back-Channel Logout 1.0; front-channel
logout is not built: a page of ours in the provider's frame has no cookie by which we could tell whose session it is.
"""
