-- What is counted, or read through by its ids alone, without looking into rows: each
-- of these indexes holds the few that are otherwise looked for among the many.
create index connections_disabled on connections (job_id, source_id) where not enabled;
create index members_inside on members (group_id, member_id) where member_type = 'Group';
create index users_deleted on users (id) where deleted_at > 0;
create index assignments_of_groups on assignments (application_id, principal_id) where principal_type = 'Group';

-- Who is assigned in a role, in the order of ids.
drop index assignments_by_role;
create index assignments_by_role on assignments (application_id, app_role_id, principal_type, principal_id);
