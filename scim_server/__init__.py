"""The front door through which companies' directories provision and sign in the users of a SaaS product."""
