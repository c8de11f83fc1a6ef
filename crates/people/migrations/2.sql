-- What SCRAM needs (RFC 5802): one salt for all app passwords of a person, since it is told before it is known which one
-- signs in, and two keys for each. Empty: made before this was kept, or never needed.
alter table people_person add column scram_salt text not null default '';
alter table people_app_password add column scram_stored text not null default '';
alter table people_app_password add column scram_server text not null default '';
