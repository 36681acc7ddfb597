FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    SIGNALBOX_HOST=0.0.0.0 \
    SIGNALBOX_DATABASE_URL=sqlite:////data/signalbox.db

WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

RUN useradd --system --uid 10001 --no-create-home signalbox \
    && install -d -o signalbox -g signalbox -m 0700 /data

COPY config ./config
COPY proxy ./proxy

USER signalbox
VOLUME /data
EXPOSE 8080

# http.client and not urllib: a proxy named in the environment must not stand between the check and the gateway.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('SIGNALBOX_PORT', '8080')), timeout=2); c.request('GET', '/livez'); sys.exit(c.getresponse().status != 200)"]

CMD ["python", "-m", "proxy", "serve"]
