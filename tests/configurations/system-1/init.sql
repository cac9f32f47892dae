-- Each value: a secret of the container, else its environment, else the default here.
\set owner `cat /run/secrets/letta_user 2>/dev/null || echo "${POSTGRES_USER:-letta}"`
\set database `cat /run/secrets/letta_db 2>/dev/null || echo "${POSTGRES_DB:-letta}"`

\connect :"database"
CREATE SCHEMA :"database" AUTHORIZATION :"owner";
ALTER DATABASE :"database" SET search_path TO :"database";
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA :"database";
DROP SCHEMA IF EXISTS public CASCADE;
