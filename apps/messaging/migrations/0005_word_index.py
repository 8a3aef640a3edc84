"""Words of messages, found by an index.

Row-level security lets no ordinary query ask a text index first: the operator could tell of rows that its asker may not
see. This function of the owner asks it, for the clinic in force alone, and gives ids and nothing else; what they stand
for is then read through the policies like everything (apps/messaging/search.py). The clinic is one of each message's
words, so that the index itself leaves the others out.
"""

from django.db import migrations

WORDS = """
create function messaging_words(clinic uuid, body text) returns tsvector
language sql immutable parallel safe set search_path = pg_catalog as $$
  select to_tsvector('english'::regconfig, body) || to_tsvector('simple'::regconfig, body)
    || array_to_tsvector(array['clinic:' || clinic::text])
$$;
"""
QUERY = """
create function messaging_query(wanted text) returns tsquery
language sql immutable parallel safe set search_path = pg_catalog as $$
  select websearch_to_tsquery('english'::regconfig, wanted) || websearch_to_tsquery('simple'::regconfig, wanted)
$$;
"""
FIND = """
create function messaging_find(wanted text, threads uuid[], before_at timestamptz, before_id uuid, most int)
returns table (id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
  select m.id from messaging_message m
  where messaging_words(m.clinic_id, m.body) @@ (
      ('''clinic:' || nullif(current_setting('telek.clinic', true), '') || '''')::tsquery && messaging_query(wanted))
    and m.clinic_id = nullif(current_setting('telek.clinic', true), '')::uuid
    and numnode(messaging_query(wanted)) > 0  -- signs alone are no words
    and (threads is null or m.thread_id = any(threads))
    and (before_at is null or (m.sent_at, m.id) < (before_at, before_id))
  order by m.sent_at desc, m.id desc limit most
$$;
revoke all on function messaging_find(text, uuid[], timestamptz, uuid, int) from public;
grant execute on function messaging_find(text, uuid[], timestamptz, uuid, int) to telek_app;
"""
INDEX = """
create index concurrently messaging_message_words on messaging_message using gin (messaging_words(clinic_id, body))
"""


class Migration(migrations.Migration):
    atomic = False  # the index is made beside the writing, not in its way
    dependencies = [("messaging", "0004_files_and_answers")]
    operations = [
        migrations.RunSQL(WORDS, "drop function messaging_words(uuid, text);"),
        migrations.RunSQL(QUERY, "drop function messaging_query(text);"),
        migrations.RunSQL(INDEX, "drop index messaging_message_words;"),
        migrations.RunSQL(FIND, "drop function messaging_find(text, uuid[], timestamptz, uuid, int);"),
    ]
