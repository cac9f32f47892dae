#!/bin/sh
# Hands the owner's login to the image's own start script: a secret, the environment, the default.
set -eu
value=$(cat /run/secrets/pg_user 2>/dev/null || true)
DB_USER=${value:-${PGDECK_PG_USER:-pgdeck}}
value=$(cat /run/secrets/pg_password 2>/dev/null || true)
DB_PASSWORD=${value:-${PGDECK_PG_PASSWORD:-pgdeck}}
ADMIN_USERS=$DB_USER
export DB_USER DB_PASSWORD ADMIN_USERS
exec /entrypoint.sh "$@"
