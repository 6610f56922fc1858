-- Accounts with a value that waits for a confirmation are counted with every page of
-- their application, and are few.
create index connections_pending on connections (job_id) where pending <> '';
