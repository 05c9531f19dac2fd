# Checked by test/deployment.test.ts as far as it can be without a container engine: docs/operations.md says how far.

# Compiles. Nothing of this stage but `dist` goes on.
FROM node:24-slim AS build
WORKDIR /guiche
COPY package.json package-lock.json ./
RUN npm install --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# What it needs to run, and nothing that only builds or tests it.
FROM node:24-slim AS dependencies
WORKDIR /guiche
COPY package.json package-lock.json ./
RUN npm install --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
# guiche.yaml, data and var are looked for here, where their defaults are.
WORKDIR /guiche
COPY package.json LICENSE ./
COPY bin bin
COPY catalog catalog
COPY connectors connectors
COPY web web
COPY --from=dependencies /guiche/node_modules node_modules
COPY --from=build /guiche/dist dist
# All else belongs to root: a process that is broken into cannot change what it runs.
RUN mkdir data var && chown node:node var
USER node
VOLUME /guiche/var
EXPOSE 3000
# The admin listener is on loopback, which inside the container is the container's own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.GUICHE_ADMIN_PORT || 3001) + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/guiche.js"]
CMD ["serve", "--host", "0.0.0.0"]
