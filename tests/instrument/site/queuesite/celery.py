"""A Celery application on the Redis that SITE_REDIS names, which knows nothing of Overlap."""

import os

from celery import Celery

app = Celery("queuesite", broker=os.environ["SITE_REDIS"], set_as_current=False)
app.conf.task_ignore_result = True
app.conf.task_default_queue = "queuesite"


@app.task(name="salt")
def salt(grams):
    pass
