-- Telek's database roles and database. Run as a superuser with psql; running it again changes nothing:
--     psql -X -v ON_ERROR_STOP=1 -f telek/launcher/roles.sql postgres
-- On a server that people reach over a network, give each role a password afterwards (\password telek_app).
--
-- telek_owner  owns the tables and runs migrations
-- telek_app    web processes; row-level security binds it
-- telek_pump   the pump and the Celery worker; row-level security binds it too, with its own policies

\set QUIET on
select 'create role telek_owner login nosuperuser nobypassrls'
 where not exists (select from pg_roles where rolname = 'telek_owner') \gexec
select 'create role telek_app login nosuperuser nobypassrls nocreatedb nocreaterole'
 where not exists (select from pg_roles where rolname = 'telek_app') \gexec
select 'create role telek_pump login nosuperuser nobypassrls nocreatedb nocreaterole'
 where not exists (select from pg_roles where rolname = 'telek_pump') \gexec

-- The owner may end the sessions of the other two (a test database is dropped that way).
grant telek_app, telek_pump to telek_owner;

select 'create database telek owner telek_owner'
 where not exists (select from pg_database where datname = 'telek') \gexec

\connect telek
set client_min_messages = warning;
-- Exclusion constraints on bookings and rosters need it.
create extension if not exists btree_gist;
