-- The log is listed by moment; the index holds what it is filtered by. Both logs are
-- searched by a text in lower case.
update entries set search = substr(search, 1, 500) where length(search) > 500;
create index entries_by_moment on entries (at, id, application_id, action, status, code, search);

alter table audits add column search text not null default '';
