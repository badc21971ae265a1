# The assistant with its built-in model: needs no network once built.
#   docker build -t paper-assistant .
#   docker run --rm -v "$PWD/papers:/papers:ro" -v assistant:/library paper-assistant ingest /papers
#   docker run --rm -v assistant:/library paper-assistant ask "Does it help?"
FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 GRADIO_ANALYTICS_ENABLED=False ASSISTANT_LIBRARY=/library

RUN apt-get update && apt-get install -y --no-install-recommends tesseract-ocr && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY assistant/ assistant/
COPY index/ index/
COPY finetune/ finetune/
COPY ui/ ui/
COPY examples/papers/ examples/papers/
RUN pip install . && rm -rf /src

RUN useradd --create-home assistant && mkdir /library && chown assistant /library
USER assistant
WORKDIR /home/assistant
VOLUME /library
ENTRYPOINT ["assistant"]
CMD ["--help"]
