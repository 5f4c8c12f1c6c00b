"""Django's users and groups, with the columns that django-scim2 asks for."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.db.models.functions import Upper
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    name = models.CharField(max_length=150, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    groups = models.ManyToManyField(Group, related_name="user_set")
    user_permissions = None  # one table less to look into when somebody is deleted

    class Meta:
        # It filters by UPPER(username).
        indexes = (models.Index(Upper("username"), name="upper_username"),)

    @property
    def scim_groups(self) -> models.Manager[Group]:
        return self.groups

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Somebody new is written twice, the second time to note the id; one transaction for both is faster.
        if self.id is not None:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
