"""The SCIM 2.0 protocol (RFC 7643, RFC 7644): requests and resources on one side, our services on the other."""
