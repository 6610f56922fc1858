-- What users, groups and accounts are searched by and listed in the order of, without
-- letter case and accents. The indexes hold all that a search looks at.
alter table users add column name_key key_text not null default '';
alter table users add column department_key key_text not null default '';
alter table users add column words key_text not null default '';
create index users_by_display_name on users (name_key, id, deleted_at, account_enabled, department_key, words);

alter table groups add column words key_text not null default '';
drop index groups_by_display_name;
create index groups_by_display_name on groups (display_name_key, id, deleted_at, security_enabled, words);

alter table connections add column name_key key_text not null default '';
create index connections_by_name on connections (job_id, name_key, source_id, enabled);

create index removals_by_state on removals (job_id, state, since, source_id);
create index escrows_by_code on escrows (job_id, code, source_id, first_at, next_at);
