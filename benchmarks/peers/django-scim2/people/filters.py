from django_scim.filters import UserFilterQuery


class UserFilters(UserFilterQuery):
    """By external identifier too: the column is there, only not in the list of those that may be asked for."""

    attr_map = {**UserFilterQuery.attr_map, ("externalId", None, None): "scim_external_id"}  # noqa: RUF012
