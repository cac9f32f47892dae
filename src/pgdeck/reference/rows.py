"""The statements that make the reference rows; everything random is a hash of a row's number."""

from __future__ import annotations

from msgspec import Struct

ORGANIZATIONS = 40
USERS = 1_200
AGENTS = 600
IDENTITIES = 2_500
MESSAGES = 150_000
PASSAGES = 12_000
USAGE_EVENTS = 200_000
MONTHS = 6
DAYS = 30 * MONTHS - 5
DIMENSIONS = 16


class Step(Struct, frozen=True):
    """One statement, and what it is about."""

    title: str
    statement: str


def _pick(words: str, number: str) -> str:
    listed = words.split()
    quoted = ",".join(f"'{word}'" for word in listed)
    return f"(ARRAY[{quoted}])[1 + mod({number}, {len(listed)})]"


def _uuid(kind: str, number: str) -> str:
    return f"md5('{kind}' || {number})::uuid"


def _hash(number: str, salt: str) -> str:
    """Return SQL for a whole number from 0 to 2^31 - 1 that looks random."""
    return f"(hashint8extended({number}, {salt}) & 2147483647)"


def _share(number: str, salt: str) -> str:
    """Return SQL for a number from 0 to 1 that looks random."""
    return f"({_hash(number, salt)} / 2147483648.0::float8)"


ADJECTIVES = "amber brisk calm deep eager fair golden hollow ivory keen lunar northern quiet swift"
NOUNS = "harbor orchard foundry lantern meadow compass granite willow summit ferry anchor beacon"
KINDS = "labs works health robotics freight press studio energy"
FIRST = (
    "ada amir beatriz chen dana elif farid grace hana ivan jonas keiko lena mateo nadia"
    " omar priya quentin rosa samir tomas uma victor wen yusuf zoe"
)
LAST = (
    "almeida berg costa dubois eriksen fischer garcia haddad ito jensen kovacs lindgren moreau"
    " novak okafor petrov rossi sato tanaka ueda varga weber yilmaz zhang"
)
MODELS = "swift-small swift-small swift-small swift-medium swift-medium deep-medium deep-large"
DUTIES = "support triage research billing onboarding scheduling review translation sales archive"
LABELS = "persona human project notes preferences"
PHRASES = (
    "'the shipment left the harbor this morning', 'could you check the invoice of last month',"
    " 'I moved the meeting to Thursday', 'three of the tests fail since the update',"
    " 'please keep it short', 'the customer asked for a refund', 'here is the summary',"
    " 'that answers my question', 'let us look at the numbers again', 'the export is ready',"
    " 'I could not find that document', 'she prefers to be called in the afternoon'"
)

OPERATIONAL = (
    Step(
        "trust",
        # Checking 400,000 foreign keys would take longer than all the rest; the rows are right by
        # construction, and where this is not allowed they are checked.
        """
DO $$
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$""",
    ),
    Step(
        "organizations",
        f"""
INSERT INTO ops.organizations (id, name, slug, plan, created_at, updated_at)
SELECT {_uuid("org", "i")},
       initcap({_pick(ADJECTIVES, "i")} || ' ' || {_pick(NOUNS, "i * 5")} || ' ' ||
               {_pick(KINDS, "i * 3")}),
       {_pick(ADJECTIVES, "i")} || '-' || {_pick(NOUNS, "i * 5")} || '-' || i,
       CASE WHEN i <= 4 THEN 'enterprise' WHEN i <= 16 THEN 'team' ELSE 'free' END,
       now() - interval '600 days' + i * interval '14 days', now() - i * interval '3 hours'
  FROM generate_series(1, {ORGANIZATIONS}) i""",
    ),
    Step(
        "users",
        f"""
INSERT INTO ops.users (id, organization_id, email, display_name, role, last_seen_at,
                       created_at, updated_at, deleted_at)
SELECT {_uuid("user", "i")}, {_uuid("org", "org")},
       first || '.' || last || i || '@' || {_pick(NOUNS, "org * 5")} || '.example',
       initcap(first || ' ' || last),
       CASE mod(i, 25) WHEN 0 THEN 'admin' WHEN 1 THEN 'billing' ELSE 'member' END,
       CASE WHEN mod(i, 9) > 0 THEN now() - {_share("i", "1")} ^ 3 * interval '90 days' END,
       made, made + {_share("i", "2")} * (now() - made),
       CASE WHEN mod(i, 30) = 7 THEN now() - {_share("i", "3")} * interval '60 days' END
  FROM (SELECT i, 1 + floor({ORGANIZATIONS} * {_share("i", "4")} ^ 2.5)::int AS org,
               {_pick(FIRST, "i")} AS first, {_pick(LAST, "i * 7 / 3")} AS last,
               now() - {_share("i", "5")} * interval '500 days' AS made
          FROM generate_series(1, {USERS}) i) people""",
    ),
    Step(
        "keys",
        f"""
INSERT INTO ops.api_keys (user_id, prefix, key_hash, scopes, expires_at, last_used_at,
                          revoked_at, created_at)
SELECT {_uuid("user", "1 + mod(i * 3, " + str(USERS) + ")")},
       'pk_' || substr(md5(i::text), 1, 8), sha256(int4send(i)),
       CASE mod(i, 3) WHEN 0 THEN '{{read}}' WHEN 1 THEN '{{read,write}}' ELSE '{{admin}}' END
           ::varchar(40)[],
       now() + {_share("i", "1")} * interval '360 days' - interval '30 days',
       now() - {_share("i", "2")} ^ 2 * interval '40 days',
       CASE WHEN mod(i, 11) = 0 THEN now() - {_share("i", "3")} * interval '30 days' END,
       now() - interval '40 days' - {_share("i", "4")} * interval '300 days'
  FROM generate_series(1, {USERS // 2}) i""",
    ),
    Step(
        "agents",
        f"""
INSERT INTO ops.agents (id, organization_id, name, model, system_prompt, settings, status,
                        message_count, created_at, updated_at, deleted_at)
SELECT {_uuid("agent", "i")},
       {_uuid("org", f"(1 + floor({ORGANIZATIONS} * {_share('i', '6')} ^ 2.5)::int)")},
       {_pick(FIRST, "i * 11")} || ' ' || {_pick(DUTIES, "i")}, {_pick(MODELS, "i")},
       'You work in ' || {_pick(DUTIES, "i")} || '. Be exact; say what you do not know.',
       jsonb_build_object('temperature', mod(i, 10) / 10.0, 'tools', mod(i, 5),
                          'language', {_pick("en de fr es ja", "i")}),
       CASE WHEN mod(i, 20) = 3 THEN 'paused' WHEN mod(i, 20) = 9 THEN 'archived'
            ELSE 'active' END,
       0, now() - {_share("i", "7")} * interval '400 days', now(),
       CASE WHEN mod(i, 50) = 9 THEN now() - {_share("i", "8")} * interval '20 days' END
  FROM generate_series(1, {AGENTS}) i""",
    ),
    Step(
        "identities",
        f"""
INSERT INTO ops.identities (id, organization_id, identifier, kind, properties)
SELECT {_uuid("identity", "i")},
       {_uuid("org", f"(1 + floor({ORGANIZATIONS} * {_share('i', '9')} ^ 2)::int)")},
       {_pick(FIRST, "i")} || '-' || i, {_pick("user user user org other", "i")},
       jsonb_build_object('locale', {_pick("en de fr es ja", "i * 3")}, 'tier', mod(i, 4))
  FROM generate_series(1, {IDENTITIES}) i""",
    ),
    Step(
        "acquaintances",
        f"""
INSERT INTO ops.agent_identities (agent_id, identity_id)
SELECT DISTINCT {_uuid("agent", f"(1 + mod({_hash('i', '1')}, {AGENTS}))")},
       {_uuid("identity", f"(1 + mod({_hash('i', '2')}, {IDENTITIES}))")}
  FROM generate_series(1, {2 * IDENTITIES}) i""",
    ),
    Step(
        "blocks",
        f"""
INSERT INTO ops.blocks (agent_id, label, value, version)
SELECT {_uuid("agent", "i")}, label, repeat('Remembers ' || label || '. ', 8 + mod(i, 40)), 1
  FROM generate_series(1, {AGENTS}) i,
       unnest(string_to_array('{LABELS}', ' ')) label""",
    ),
    Step(
        "messages",
        f"""
INSERT INTO ops.messages (agent_id, organization_id, role, content, tokens,
                          created_at, updated_at, deleted_at)
SELECT a.id, a.organization_id,
       CASE WHEN mod(i, 9) = 8 THEN 'tool' WHEN mod(i, 2) = 0 THEN 'user' ELSE 'assistant' END,
       initcap({_pick(FIRST, "i")}) || ': ' ||
       (ARRAY[{PHRASES}])[1 + mod({_hash("i", "12")}, 12)] || '; ' ||
       (ARRAY[{PHRASES}])[1 + mod({_hash("i", "13")}, 12)] || '.',
       20 + floor(2000 * {_share("i", "14")} ^ 4), at, at,
       CASE WHEN mod(i, 60) = 0 THEN least(at + interval '9 days', now()) END
  FROM (SELECT i, 1 + floor({AGENTS} * {_share("i", "10")} ^ 3)::int AS agent,
               now() - interval '400 days' * (1 - i / {MESSAGES}::float8) ^ 1.5 AS at
          FROM generate_series(1, {MESSAGES}) i) turns
  JOIN (SELECT row_number() OVER (ORDER BY id) AS n, id, organization_id FROM ops.agents) a
    ON a.n = turns.agent
 ORDER BY i""",
    ),
    Step(
        "counts",
        """
UPDATE ops.agents a SET message_count = n.messages
  FROM (SELECT agent_id, count(*) AS messages FROM ops.messages GROUP BY agent_id) n
 WHERE n.agent_id = a.id""",
    ),
    # An index built over the rows is several times faster than one that grows with them.
    Step("index", "DROP INDEX IF EXISTS ops.passages_embedding_idx"),
    Step(
        "passages",
        f"""
INSERT INTO ops.passages (agent_id, content, tags, embedding)
SELECT {_uuid("agent", f"(1 + floor({AGENTS} * {_share('i', '20')} ^ 2)::int)")},
       (ARRAY[{PHRASES}])[1 + mod({_hash("i", "21")}, 12)] || ' (' || i || ')',
       ARRAY[{_pick(DUTIES, "i")}, {_pick(NOUNS, "i * 5")}]::varchar(40)[],
       (SELECT array_agg((sin(mod(i, 23) * d + d) + 0.3 * {_share("i * 64 + d", "22")})::real
                         ORDER BY d)
          FROM generate_series(1, {DIMENSIONS}) d)::vector
  FROM generate_series(1, {PASSAGES}) i""",
    ),
    Step(
        "index",
        "CREATE INDEX passages_embedding_idx ON ops.passages USING hnsw"
        " (embedding vector_cosine_ops) WITH (m = 8, ef_construction = 32)",
    ),
)

ANALYTICS = (
    Step(
        "months",
        f"""
SELECT analytics.add_usage_month((date_trunc('month', now()) + m * interval '1 month')::date)
  FROM generate_series(-{MONTHS}, 2) m""",
    ),
    Step(
        "events",
        f"""
INSERT INTO analytics.usage_events (occurred_at, organization_id, agent_id, kind, model,
                                    input_tokens, output_tokens, cost_micros)
SELECT at, {_uuid("org", f"(1 + floor({ORGANIZATIONS} * {_share('i', '1')} ^ 2.5)::int)")},
       {_uuid("agent", f"(1 + floor({AGENTS} * {_share('i', '2')} ^ 3)::int)")},
       {_pick("completion completion completion embedding search tool", "i")},
       {_pick(MODELS, "i")}, asked, answered,
       (asked + answered) * CASE mod(i, 7) WHEN 6 THEN 15 WHEN 3 THEN 4 ELSE 1 END
  FROM (SELECT i, now() - interval '{DAYS} days' * (1 - i / {USAGE_EVENTS}::float8) ^ 1.4 AS at,
               (30 + 3000 * {_share("i", "3")} ^ 3)::int AS asked,
               (10 + 900 * {_share("i", "4")} ^ 2)::int AS answered
          FROM generate_series(1, {USAGE_EVENTS}) i) calls""",
    ),
    Step(
        "days",
        """
INSERT INTO analytics.daily_usage (day, organization_id, model, calls, input_tokens,
                                   output_tokens, cost_micros)
SELECT occurred_at::date, organization_id, model, count(*), sum(input_tokens),
       sum(output_tokens), sum(cost_micros)
  FROM analytics.usage_events GROUP BY 1, 2, 3""",
    ),
)
