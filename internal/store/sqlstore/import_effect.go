package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// shownNames is how many people an effect names.
const shownNames = 20

// ImportIf is Import that counts only when agree agrees; see store.Importer. What it
// means is looked up in its own transaction, so that it is what is agreed to.
func (s *Store) ImportIf(
	ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool, agree func(store.ImportEffect) (journal.Audit, error),
) error {
	return s.importing(ctx, deltas, replace, func(i *importer, work func() error) error {
		began := now()
		before, err := i.count(ctx, `select count(*) from users where deleted_at = 0`)
		if err != nil {
			return err
		}
		if err := i.noteEntitled(ctx, "entitled_before"); err != nil {
			return err
		}
		if err := work(); err != nil {
			return err
		}
		if err := i.noteEntitled(ctx, "entitled_after"); err != nil {
			return err
		}
		effect, err := i.effect(ctx, began)
		if err != nil {
			return err
		}
		effect.Before = before
		audit, err := agree(effect)
		if err != nil {
			return err
		}
		return i.appendAudits(ctx, []journal.Audit{audit})
	})
}

// noteEntitled writes into a working table who may use which application.
func (i *importer) noteEntitled(ctx context.Context, table string) error {
	if err := i.temporary(ctx, table, `application_id text not null, user_id text not null, primary key (application_id, user_id)`); err != nil {
		return err
	}
	applications, err := i.applications(ctx, `select `+applicationColumns+` from applications order by id`)
	if err != nil {
		return err
	}
	for _, application := range applications {
		job, _, err := i.job(ctx, `select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.application_id = $1`, application.ID)
		if err != nil {
			return err
		}
		inside := ""
		if job.Settings.NestedGroups {
			inside = ` union select g.id from through t
				join members m on m.group_id = t.id and m.member_type = 'Group'
				join groups g on g.id = m.member_id and g.deleted_at = 0`
		}
		if _, err := i.exec(ctx, `insert into `+table+` (application_id, user_id)
			with recursive through (id) as (`+assignedSecurityGroups+inside+`)
			select cast($1 as text), u.id from users u where u.deleted_at = 0 and u.account_enabled and u.id in (
				select a.principal_id from assignments a where a.application_id = $1 and a.principal_type = 'User'
				union
				select m.member_id from through t join members m on m.group_id = t.id)`, application.ID); err != nil {
			return err
		}
	}
	return nil
}

// effect tells what was done since the import began.
func (i *importer) effect(ctx context.Context, began time.Time) (store.ImportEffect, error) {
	effect := store.ImportEffect{ImportReport: i.report}
	var err error
	if effect.Removed, err = i.texts(ctx, `select user_principal_name from users where deleted_at >= $1 order by name_key, id limit $2`,
		micros(began), int64(shownNames)); err != nil {
		return effect, err
	}
	err = i.each(ctx, func(rows *sql.Rows) error {
		var access store.AccessEffect
		err := rows.Scan(&access.ApplicationID, &access.DisplayName, &access.Gained, &access.Lost)
		effect.Accesses = append(effect.Accesses, access)
		return err
	}, `select a.id, a.display_name, sum(moved.gained), sum(moved.lost) from (
			select application_id, 1 gained, 0 lost from entitled_after n where not exists (
				select 1 from entitled_before b where b.application_id = n.application_id and b.user_id = n.user_id)
			union all
			select application_id, 0, 1 from entitled_before b where not exists (
				select 1 from entitled_after n where n.application_id = b.application_id and n.user_id = b.user_id)
		) moved join applications a on a.id = moved.application_id
		group by a.id, a.display_name, a.display_name_key order by a.display_name_key, a.id`)
	if err != nil {
		return effect, err
	}
	for n, access := range effect.Accesses {
		if access.Lost == 0 {
			continue
		}
		if effect.Accesses[n].Losers, err = i.texts(ctx, `select u.user_principal_name from entitled_before b join users u on u.id = b.user_id
			where b.application_id = $1 and not exists (select 1 from entitled_after n where n.application_id = b.application_id and n.user_id = b.user_id)
			order by u.name_key, u.id limit $2`, access.ApplicationID, int64(shownNames)); err != nil {
			return effect, err
		}
	}
	return effect, nil
}
