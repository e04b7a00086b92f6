# One image for everything of ours: init, app, app-workers, app-wsgi, worker, beat, httpbin, mail, player.
#
# A HEALTHCHECK is missing on purpose: each of these is asked in its own way, in docker-compose.yml.

# Linked statically: `init` puts it beside the server whose image has no program to be asked with.
FROM busybox:1.37.0-musl AS busybox


FROM python:3.13.16-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
# pip stays out of the environment that is copied: nothing is installed where it runs.
RUN python -m venv --without-pip /venv
# What changes seldom first: a change of our code leaves this layer as it is.
COPY requirements.lock /src/
# Wheels only, for amd64 and arm64 alike: no compiler is needed, so none is there.
RUN pip --python /venv/bin/python install --only-binary :all: --require-hashes -r /src/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY overlap /src/overlap
# Built with what the lock names, so that this downloads nothing.
RUN pip --python /venv/bin/python install --no-deps --no-index --no-build-isolation /src
COPY app /srv/overlap/app
COPY manage.py pyproject.toml /srv/overlap/
# What the stack's servers read; `init` copies it into a volume (docker/init.sh).
COPY docker/init.sh /srv/stack/docker/
COPY otel/*.yaml otel/*.json /srv/stack/otel/
COPY otel/scale /srv/stack/otel/scale
COPY grafana/provisioning /srv/stack/grafana/provisioning
COPY grafana/dashboards /srv/stack/grafana/dashboards
# A checkout made under umask 077 has files that their owner alone may read, and the image's user is
# another one. Here and not by COPY --chmod, which gives files and folders the same mode, and which
# only BuildKit knows.
#
# pip has compiled what it installed; this is the rest. Where it runs the file system is read-only,
# so that each process of each start would compile it anew.
RUN chmod -R u=rwX,go=rX /srv \
 && /venv/bin/python -m compileall -q /srv/overlap


FROM python:3.13.16-slim-trixie
RUN groupadd --gid 10000 smokehouse \
 && useradd --uid 10000 --gid smokehouse --no-create-home --home-dir /tmp --shell /usr/sbin/nologin smokehouse \
 && install -d -o smokehouse -g smokehouse /data
COPY --from=build /venv /venv
COPY --from=build /srv/overlap /srv/overlap
COPY --from=build /srv/stack /stack
COPY --from=busybox /bin/busybox /stack/bin/busybox
WORKDIR /srv/overlap
# DONTWRITEBYTECODE: all of it is there, and a try to write more could only fail.
# ARENA_MAX: glibc keeps a heap for each of a process's threads otherwise, and ours have a dozen.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=app.settings \
    SMOKEHOUSE_DATA_DIR=/tmp/smokehouse
USER 10000:10000
CMD ["python", "-m", "app.serve", "--host", "0.0.0.0", "--port", "8000"]
