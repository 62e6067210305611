# One image for every role of the cluster: head, worker, page. Built in two stages, so that no build tool stays in it.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ARG EXTRA=""
RUN python3 -m pip install --no-cache-dir --root-user-action=ignore uv
WORKDIR /build
COPY pyproject.toml ./
# A virtual environment of the base image's own Python, so that it can be copied as it is. What the project depends on comes
# first: it changes rarely.
RUN uv venv --python "$(command -v python3)" /opt/explorer \
 && uv pip install --python /opt/explorer/bin/python --compile-bytecode --no-cache -r pyproject.toml ${EXTRA:+--extra "$EXTRA"} \
 && find /opt/explorer -type d \( -name tests -o -name testing_data \) -path "*/site-packages/*" \
      \( -path "*/numpy/*" -o -path "*/matplotlib/*" -o -path "*/pandas/*" -o -path "*/scipy/*" -o -path "*/sklearn/*" \
         -o -path "*/pyarrow/*" \) -prune -exec rm -rf {} +
COPY README.md LICENSE ./
COPY explorer explorer
COPY actors actors
COPY ui ui
RUN uv pip install --python /opt/explorer/bin/python --compile-bytecode --no-cache --no-deps .

FROM ${BASE}
RUN useradd --create-home --uid 1000 explorer \
 && mkdir -p /runs /data /cache \
 && chown explorer:explorer /runs /data /cache
COPY --from=build /opt/explorer /opt/explorer
COPY containers/role.py /opt/explorer/role.py
ENV PATH=/opt/explorer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RAY_AUTH_MODE=token \
    RAY_AUTH_TOKEN_PATH=/run/secrets/ray_token \
    RAY_USAGE_STATS_ENABLED=0 \
    RAY_health_check_period_ms=1000 \
    RAY_health_check_timeout_ms=2000 \
    RAY_health_check_failure_threshold=3 \
    RQVAE_RUNS_DIR=/runs \
    RQVAE_CACHE_DIR=/cache \
    TFDS_DATA_DIR=/data
USER explorer
WORKDIR /home/explorer
VOLUME ["/runs", "/data", "/cache"]
ENTRYPOINT ["python3", "/opt/explorer/role.py"]
CMD ["ui"]
