# What it is built on. A tag moves with each release; docs/operations says how to name one image by its digest.
ARG BASE=python:3.12-slim
FROM ${BASE} AS base

FROM base AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY .ci/requirements.txt .ci/requirements-postgres.txt .ci/requirements-build.txt .ci/
RUN python -m venv /opt/flowbot \
 && /opt/flowbot/bin/python -m pip install --require-hashes -r .ci/requirements.txt -r .ci/requirements-postgres.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/python -m pip install --require-hashes -r .ci/requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
# With the locked backend: an isolated build would fetch whichever is the newest today.
RUN /opt/build/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/flowbot/bin/python -m pip install --no-deps /wheels/*.whl \
 && /opt/flowbot/bin/python -m compileall -q /opt/flowbot/lib

FROM base
# The font in which pictures say Chinese; it holds Latin letters too. The slim image has none.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/*
LABEL org.opencontainers.image.title="flowbot" \
      org.opencontainers.image.description="Runs EnOS batch flows from Slack and tells the right people when one breaks" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/flowbot /opt/flowbot
COPY bot/ops/healthcheck.py /opt/flowbot/healthcheck.py
# A numeric user, so that a cluster can check that it is not root.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV PATH=/opt/flowbot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FLOWBOT_DATABASE=/data/flowbot.db \
    FLOWBOT_LISTEN=0.0.0.0:8080 \
    FLOWBOT_EVENTS_LISTEN=0.0.0.0:3000
EXPOSE 8080 3000
# -I -S: no site-packages; a socket and one line, not an interpreter's worth of imports.
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-I", "-S", "/opt/flowbot/healthcheck.py"]
ENTRYPOINT ["flowbot"]
CMD ["run"]
