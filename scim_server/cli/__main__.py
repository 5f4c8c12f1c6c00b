"""`python -m scim_server.cli` is `scim-server`."""

from scim_server.cli import main

if __name__ == "__main__":
    main(prog_name="scim-server")
