-- Who reports to whom, in the order that lists of people have.
create index users_by_manager on users (manager_id, name_key, id, deleted_at) where manager_id <> '';
