# The committed state of this repository with its packages, to run as a user without rights:
#   docker build --tag dermoscopy .
#   docker run --rm --volume dermoscopy:/project dermoscopy
FROM python:3.12-slim

RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 dermoscopy && install --directory --owner dermoscopy /project /venv
USER dermoscopy
WORKDIR /project

# The environment is outside the project, which may be on a volume. Its layer stays until the lock changes.
ENV PATH=/venv/bin:$PATH
COPY --chown=dermoscopy requirements.lock .
RUN python -m venv /venv
RUN python -m pip install --quiet --no-cache-dir --require-hashes -r requirements.lock

# No file of the working tree: it may have images or weights that must not be published.
COPY --chown=dermoscopy .git .git
RUN git reset --hard --quiet
RUN python -m pip install --quiet --no-cache-dir --no-deps --no-build-isolation -e .

CMD ["dermoscopy", "repro", "--jobs", "4"]
