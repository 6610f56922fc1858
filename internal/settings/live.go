package settings

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Override is a value that a flag or the environment gives.
type Override struct {
	Source string                                       // --smtp-address, USHER_SMTP_ADDRESS
	Fields []Field                                      // what it is about
	Apply  func(settings store.Settings) store.Settings // puts it in place
}

// Source says where a value comes from.
type Source string

// The sources.
const (
	FromDefault  Source = "default"
	FromDatabase Source = "database"
	FromFlag     Source = "flag" // or the environment
)

// Origin says where a value comes from.
type Origin struct {
	Source Source
	Flag   string // which flag or variable, of FromFlag
}

// Fixed reports whether the value cannot be changed here.
func (o Origin) Fixed() bool { return o.Source == FromFlag }

// Effective are the settings as they hold.
type Effective struct {
	store.Settings

	Kept    store.Settings // as they are in the database
	origins map[Field]Origin
}

// Origin says where the value of a field comes from.
func (e Effective) Origin(field Field) Origin {
	origin, known := e.origins[field]
	if !known {
		return Origin{Source: FromDefault}
	}
	return origin
}

// ErrChanged says that somebody else changed the settings meanwhile.
var ErrChanged = errors.New("the settings were changed by somebody else meanwhile; look at them again")

// AnyVersion lets Update change whatever is there.
const AnyVersion = int64(-1)

// defaultPoll is how soon a change by another process holds.
const defaultPoll = 2 * time.Second

// Config is what Live needs.
type Config struct {
	Store     store.ServiceSettings
	Overrides []Override
	Log       *slog.Logger  // nil: nothing is logged
	Poll      time.Duration // how often the database is looked at; 0: 2 s
}

// Live are the settings at each moment. Its methods are safe for concurrent use.
type Live struct {
	Config

	mutex sync.RWMutex
	now   Effective
}

// Open reads the settings.
func Open(ctx context.Context, config Config) (*Live, error) {
	config.Poll = cmp.Or(config.Poll, defaultPoll)
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	l := &Live{Config: config}
	kept, err := config.Store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	l.put(ctx, kept)
	return l, nil
}

// Effective returns the settings as they hold now.
func (l *Live) Effective() Effective {
	l.mutex.RLock()
	defer l.mutex.RUnlock()
	return l.now
}

// put makes settings of the database those that hold, unless newer ones do.
func (l *Live) put(ctx context.Context, kept store.Settings) Effective {
	now := Effective{Settings: kept, Kept: kept, origins: map[Field]Origin{}}
	for _, f := range fields() {
		if f.set(kept) {
			now.origins[f.name] = Origin{Source: FromDatabase}
		}
	}
	for _, override := range l.Overrides {
		now.Settings = override.Apply(now.Settings)
		for _, field := range override.Fields {
			now.origins[field] = Origin{Source: FromFlag, Flag: override.Source}
		}
	}
	if kept.Unreadable != nil {
		l.Log.ErrorContext(ctx, "secrets of the settings cannot be read", "error", kept.Unreadable.Error())
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if kept.Version >= l.now.Kept.Version {
		l.now = now
	}
	return l.now
}

// Run follows what other processes change until the context ends.
func (l *Live) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.Poll)
	defer ticker.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		text := ""
		if err := l.refresh(ctx); err != nil && ctx.Err() == nil {
			text = err.Error()
		}
		if text != "" && text != last {
			l.Log.ErrorContext(ctx, "the settings cannot be read", "error", text)
		}
		last = text
	}
}

func (l *Live) refresh(ctx context.Context) error {
	version, err := l.Store.SettingsVersion(ctx)
	if err != nil || version == l.Effective().Kept.Version {
		return err
	}
	kept, err := l.Store.Settings(ctx)
	if err != nil {
		return err
	}
	l.put(ctx, kept)
	l.Log.InfoContext(ctx, "the settings were changed", "version", kept.Version)
	return nil
}

// errUnchanged ends an update that changes nothing.
var errUnchanged = errors.New("nothing changes")

// Update changes the settings in the database, if they still have the version given,
// and writes to the audit log what became of them, in the name of the actor. It returns
// what holds then, here at once and elsewhere within seconds. The error is ErrChanged, a
// *FaultsError, that of the function, or that of the database; nothing is changed then.
func (l *Live) Update(ctx context.Context, actor string, version int64, change func(store.Settings) (store.Settings, error)) (Effective, error) {
	kept, err := l.Store.UpdateSettings(ctx, func(before store.Settings) (store.Settings, []journal.Audit, error) {
		if version != AnyVersion && version != before.Version {
			return before, nil, ErrChanged
		}
		after, err := change(before)
		if err != nil {
			return before, nil, err
		}
		if len(Changed(before, after)) == 0 {
			return before, nil, errUnchanged
		}
		found := append(l.fixed(before, after), check(after)...)
		if err := found.err(); err != nil {
			return before, nil, err
		}
		return after, []journal.Audit{{Activity: "Update service settings", Actor: actor, Subject: "Usher", Detail: describe(before, after)}}, nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		return l.Effective(), nil
	case errors.Is(err, ErrChanged):
		return Effective{}, ErrChanged
	case err != nil:
		return Effective{}, err
	}
	return l.put(ctx, kept), nil
}

// fixed lists the changes of what flags say.
func (l *Live) fixed(before, after store.Settings) faults {
	var found faults
	for _, field := range Changed(before, after) {
		for _, override := range l.Overrides {
			if slices.Contains(override.Fields, field) {
				found.add(field, "it is set by %s when the service starts, which goes before what is set here", override.Source)
				break
			}
		}
	}
	return found
}
