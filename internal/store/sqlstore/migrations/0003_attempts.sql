-- Writes that are about to be sent to a target. A row that is still there when a
-- cycle begins tells that it is not known whether they happened.
create table attempts (
    job_id  key_text not null references jobs (id) on delete cascade,
    id      key_text not null,
    targets text     not null, -- JSON: the people and the values that their accounts are found by
    primary key (job_id, id)
);
