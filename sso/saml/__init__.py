"""SAML 2.0, as a service provider.

What an identity provider posts is believed in this order, and refused at the first thing that is not right:

    gate          its size, its XML, and where its signatures stand
    encryption    what is encrypted for us
    signatures    over the assertion, by a certificate that is pinned
    assertions    what the signed subtree says, and nothing but that subtree
    opinion       a second library, which must accept it too
"""
