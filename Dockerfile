# Not yet run: no container engine was at hand when this was written. It passes
# hadolint; the first person to build it is asked to say so in the change log.

FROM node:22-bookworm-slim AS page
WORKDIR /src/web-ui
COPY web-ui/package.json web-ui/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web-ui ./
RUN npm run build

FROM rust:1.95.0-bookworm AS daemon
WORKDIR /src
# The image's own toolchain is the pinned one; rustup must not look for another.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY Cargo.toml Cargo.lock ./
COPY daemon daemon
COPY claude-config claude-config
COPY --from=page /src/web-ui/dist web-ui/dist
RUN cargo build --release --locked -p orchestra

FROM debian:bookworm-slim
# Debian's own point releases are wanted here, so versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git procps tini tmux \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 --shell /bin/bash orchestra \
    && install -d -o orchestra -g orchestra -m 0700 /home/orchestra/.local/share/orchestra
COPY --from=daemon /src/target/release/orchestra /usr/local/bin/orchestra
# By number, so that a host that knows no such name can still tell it is not root.
USER 1000
WORKDIR /home/orchestra
# Agents live in tmux inside this container: they survive the daemon, not the container.
VOLUME ["/home/orchestra"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /api/health HTTP/1.0\\r\\nHost: 127.0.0.1:8080\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"]
# tini takes in what agents leave behind; tmux would otherwise be process 1's child.
ENTRYPOINT ["tini", "--", "orchestra"]
CMD ["up", "--listen", "0.0.0.0:8080", "--no-open"]
