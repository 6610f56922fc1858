-- How far the running cycle of a job has come, as it was noted last.
create table progress (
    job_id  key_text primary key references jobs (id) on delete cascade,
    content text     not null -- JSON
);
