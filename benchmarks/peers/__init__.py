"""Other SCIM servers, each started as its own documentation does, with as many processes as make it fastest."""
