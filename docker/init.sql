-- Runs once, on an empty data directory: roles, the two reference databases, their schemas.
-- Each value: a secret of the container, else its environment, else the default here.
\set ON_ERROR_STOP on
\set owner `value=$(cat /run/secrets/pg_user 2>/dev/null); printf %s "${value:-${PGDECK_PG_USER:-pgdeck}}"`
\set owner_password `value=$(cat /run/secrets/pg_password 2>/dev/null); printf %s "${value:-${PGDECK_PG_PASSWORD:-pgdeck}}"`
\set monitor_password `value=$(cat /run/secrets/pg_monitor_password 2>/dev/null); printf %s "${value:-${PGDECK_PG_MONITOR_PASSWORD:-pgdeck}}"`
\set super_password `value=$(cat /run/secrets/pg_superuser_password 2>/dev/null); printf %s "${value:-${PGDECK_PG_SUPERUSER_PASSWORD:-postgres}}"`
\set operational `printf %s "${PGDECK_OPERATIONAL_DB:-pgdeck_operational}"`
\set analytics `printf %s "${PGDECK_ANALYTICS_DB:-pgdeck_analytics}"`

-- The statements below hold passwords: none goes to the server's log, not even one that fails.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

ALTER ROLE CURRENT_USER PASSWORD :'super_password';
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
-- What pgdeck needs to see everybody's sessions and statistics, and nothing else.
CREATE ROLE pgdeck_monitor LOGIN PASSWORD :'monitor_password' IN ROLE pg_monitor;

CREATE DATABASE :"operational" OWNER :"owner";
CREATE DATABASE :"analytics" OWNER :"owner";
REVOKE ALL ON DATABASE :"operational", :"analytics" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"operational", :"analytics" TO pgdeck_monitor;
ALTER DATABASE :"operational" SET search_path = ops;
ALTER DATABASE :"analytics" SET search_path = analytics;
-- pgdeck colours its frame by this; it does not travel in a dump.
ALTER DATABASE :"operational" SET pgdeck.env = 'dev';
ALTER DATABASE :"analytics" SET pgdeck.env = 'dev';

\connect :"operational"
DROP SCHEMA public;
CREATE SCHEMA ops AUTHORIZATION :"owner";
CREATE EXTENSION vector SCHEMA ops;

\connect :"analytics"
DROP SCHEMA public;
CREATE SCHEMA analytics AUTHORIZATION :"owner";
