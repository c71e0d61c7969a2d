"""Save and open a file in django-storages; the argument is the bucket."""

import json
import sys

import django
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": sys.argv[1]}}
settings.configure(STORAGES={"default": backend})
django.setup()
name = default_storage.save("greeting", ContentFile(b"hello"))
with default_storage.open(name) as file:
    print(json.dumps({"read": file.read().decode(), "url": default_storage.url(name)}))
